// Gives a guest's memory and the MSI banks to a device behind a PAMU, as a VMM would: planned,
// applied, proved.
// facts differ by target: an SoC has 3 or 4 MSI banks.

import { bytes, createIommu, formatAddress, formatSize, iova, MiB } from "@iommukit/core";
import { applyPlan, fslPamu, PAMU, planWindows } from "@iommukit/fsl-pamu";
import type { Host } from "@iommukit/lab";
import { EDU_PIECE_BYTES, openEdu } from "@iommukit/testkit/drivers";

const RAM = 64 * MiB;
const HUGE_PAGE = 4 * MiB;

export default function pamuGuest(host: Host): void {
  const chosen = host.devices.find((device) => device.kind === "edu");
  if (chosen === undefined) throw new Error(`${host.target} has no edu device`);

  const iommu = createIommu(host.port);
  // A window of the PAMU has one base address, so guest memory is made of huge pages.
  using ram = iommu.allocate(RAM, { pageSize: HUGE_PAGE });
  using container = iommu.openContainer({
    groups: [chosen.group],
    backends: [fslPamu({ type: 7 })],
  });
  const pamu = container.extension(PAMU);
  const plan = planWindows({
    ram: [{ start: iova(0), size: ram.size }],
    contiguity: bytes(HUGE_PAGE),
    msiBanks: pamu.msiBanks,
    maxWindows: pamu.maxWindows,
  });
  if (plan.kind === "refused") throw new Error(`${plan.reason}; ${plan.hint}`);
  host.log({ windows: plan.windows, windowSize: formatSize(plan.windowSize) });

  applyPlan(container, plan);
  for (const { bank, iova: at } of pamu.msiWindows())
    host.log({ msiBank: bank, at: formatAddress(at) });
  // RAM last: its first mapping lets the device run, and then everything is in place.
  for (const { start, size } of plan.ram) container.dma.map(start, ram.address, size, "read-write");

  using device = container.openDevice(chosen.address);
  const edu = openEdu(device);
  const last = RAM - EDU_PIECE_BYTES;
  ram.bytes.fill(0x5a, 0, EDU_PIECE_BYTES);
  edu.copy(iova(0), iova(last), EDU_PIECE_BYTES);
  host.log({ copiedToTheEnd: ram.bytes.subarray(last).every((byte) => byte === 0x5a) });

  // One address behind guest memory and its banks, and the kernel cuts the device off.
  edu.copyToHost(iova(plan.last - BigInt(EDU_PIECE_BYTES - 1)), EDU_PIECE_BYTES);
  ram.bytes.fill(0);
  edu.copyToHost(iova(0), EDU_PIECE_BYTES);
  const blocked = ram.bytes[0] === 0;
  pamu.resume("remap");
  edu.copyToHost(iova(0), EDU_PIECE_BYTES);
  host.log({ blockedAfterAStray: blocked, runsAgain: ram.bytes[0] === 0x5a });
}
