// EEH through the library on a real kernel: state, resets, configuration, injection, and DMA after them.
// facts differ by target: QEMU's PHB stops no PE, and an LPAR under QEMU watches none.
//
//     npx iommukit run integration/spapr-eeh.ts --on sim/powernv,qemu/powernv9,qemu/powernv9-64k

import { type Container, createIommu, iova, isIommuError } from "@iommukit/core";
import type { Host } from "@iommukit/lab";
import { EEH, type Eeh, spaprTce } from "@iommukit/spapr-tce";
import { openEdu } from "@iommukit/testkit/drivers";

const PIECE = 64;

export default async function spaprEeh(host: Host): Promise<void> {
  const chosen = host.devices.find((device) => device.kind === "edu");
  if (chosen === undefined) throw new Error(`${host.target} has no edu device`);
  const iommu = createIommu(host.port);
  const page = host.port.abi.pageSize;
  using memory = iommu.allocate(2 * page);
  using container = iommu.openContainer({ groups: [chosen.group], backends: [spaprTce()] });
  const status = container.capabilities["eeh"];
  host.log({ eeh: status?.offered === true ? "offered" : status?.reason });
  if (status?.offered !== true) return;
  container.memory.register(memory.address, memory.size);
  container.dma.map(iova(0), memory.address, memory.size, "read-write");
  const copies = (): boolean => copied(container, chosen.address, memory.bytes, page);
  host.log({ before: "any reset", copies: copies() });

  const eeh = container.extension(EEH);
  for (const kind of ["hot", "fundamental"] as const) {
    eeh.startReset(kind);
    const during = eeh.readState();
    eeh.endReset();
    eeh.configure();
    host.log({ reset: kind, during, after: eeh.readState(), copies: copies() });
  }
  host.log({ recovered: await eeh.recover({ how: "unfreeze" }) });
  for (const addressBits of [32, 64] as const)
    host.log({ addressBits, injection: injected(eeh, addressBits) });
  host.log({ atTheEnd: eeh.readState(), copies: copies() });
}

function injected(eeh: Eeh, addressBits: 32 | 64): string {
  try {
    eeh.injectError({ addressBits, what: "load-config-address" });
    return "done";
  } catch (error) {
    if (isIommuError(error)) return `${error.code}: ${String(error.facts["errno"])}`;
    throw error;
  }
}

function copied(container: Container, address: string, both: Uint8Array, page: number): boolean {
  using device = container.openDevice(address);
  const edu = openEdu(device);
  both.fill(0x5a, 0, page);
  both.fill(0, page);
  edu.copyFromHost(iova(0), PIECE);
  edu.copyToHost(iova(page), PIECE);
  return both[page] === 0x5a && both[page + PIECE - 1] === 0x5a;
}
