// Lets a device copy one page to another, and proves what it can and cannot reach.

import {
  bytes,
  type Container,
  createIommu,
  type DmaMemory,
  type Iova,
  iovaPlus,
  KiB,
} from "@iommukit/core";
import { fslPamu } from "@iommukit/fsl-pamu";
import type { Host } from "@iommukit/lab";
import { spaprTce } from "@iommukit/spapr-tce";
import { EDU_PIECE_BYTES, openEdu } from "@iommukit/testkit/drivers";
import { type1 } from "@iommukit/type1-x86";

const PAGE = 4 * KiB;
/** Apart from each other by the largest page that a window here has. */
const STEP = 64 * KiB;

export default function mapAndCopy(host: Host): void {
  const chosen = host.devices.find((device) => device.kind === "edu");
  if (chosen === undefined) throw new Error(`${host.target} has no edu device`);

  const iommu = createIommu(host.port);
  using source = iommu.allocate(PAGE);
  using target = iommu.allocate(PAGE);
  using container = iommu.openContainer({
    groups: [chosen.group],
    // The first that this machine has; 7 is the PAMU's type in the vendor's last release.
    backends: [type1(), fslPamu({ type: 7 }), spaprTce()],
    // QEMU's virtio-iommu does not remap interrupts; leave this out where you need that it is done.
    accept: ["unsafe-interrupts"],
  });
  using device = container.openDevice(chosen.address);
  const edu = openEdu(device);
  const [SOURCE, TARGET, UNMAPPED] = places(container);

  // Memory is announced before it is mapped: sPAPR needs it, elsewhere it costs nothing.
  for (const memory of [source, target]) container.memory.register(memory.address, memory.size);
  source.bytes.forEach((_, i) => {
    source.bytes[i] = pattern(i);
  });

  container.dma.map(SOURCE, source.address, bytes(PAGE), "read");
  container.dma.map(TARGET, target.address, bytes(PAGE), "read-write");
  edu.copy(SOURCE, TARGET, PAGE);
  host.log({ copied: PAGE, equal: same(firstPage(source), firstPage(target)) });

  // The device's own memory still holds half of the page. Where it may not write, nothing changes.
  target.bytes.fill(0);
  edu.copyToHost(UNMAPPED, EDU_PIECE_BYTES);
  edu.copyToHost(SOURCE, EDU_PIECE_BYTES);
  host.log({ blocked: "unmapped page", bytesChanged: changed(target.bytes, () => 0) });
  host.log({ blocked: "read-only page", bytesChanged: changed(source.bytes, pattern) });

  container.dma.unmap(TARGET, bytes(PAGE));
  edu.copyToHost(TARGET, EDU_PIECE_BYTES);
  host.log({ blocked: "page unmapped again", bytesChanged: changed(target.bytes, () => 0) });

  host.log({ stillMapped: container.dma.mappings().length });
}

/** Windows differ: where a PAMU's ends, x86 has only begun. */
function places({ windows }: Container): readonly [Iova, Iova, Iova] {
  const [window] = windows.list();
  if (window === undefined) throw new Error("the container has no window");
  const { start } = window;
  return [iovaPlus(start, STEP), iovaPlus(start, 2 * STEP), iovaPlus(start, 3 * STEP)];
}

/** Where the kernel's pages are larger, there is more memory than was asked for. */
function firstPage({ bytes: all }: DmaMemory): Uint8Array {
  return all.subarray(0, PAGE);
}

function pattern(i: number): number {
  return (i * 7 + 13) & 0xff;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

function changed(memory: Uint8Array, expected: (i: number) => number): number {
  return memory.reduce((sum, value, i) => sum + (value === expected(i) ? 0 : 1), 0);
}
