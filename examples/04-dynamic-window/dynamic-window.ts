// Makes a window of 64 GiB, maps memory at its far end, and lets a device copy through 64-bit addresses.
// facts differ by target: where the window is, and how large its pages and its table are.

import {
  bytes,
  type Container,
  createIommu,
  type DmaMemory,
  type DmaWindow,
  formatAddress,
  formatSize,
  GiB,
  hostPlus,
  type Iommu,
  iova,
  iovaPlus,
  isIommuError,
  type KernelPort,
  KiB,
  MiB,
  readLockedMemory,
} from "@iommukit/core";
import type { Host } from "@iommukit/lab";
import { SPAPR, spaprTce } from "@iommukit/spapr-tce";
import { EDU_PIECE_BYTES, type EduDriver, openEdu } from "@iommukit/testkit/drivers";

const WANTED = 64 * GiB;
const COPIED = 4 * KiB;

export default function dynamicWindow(host: Host): void {
  const chosen = host.devices.find((device) => device.kind === "edu");
  if (chosen === undefined) throw new Error(`${host.target} has no edu device`);

  const iommu = createIommu(host.port);
  using memory = largePages(iommu);
  using container = iommu.openContainer({ groups: [chosen.group], backends: [spaprTce()] });
  using device = container.openDevice(chosen.address);

  const before = lockedBytes(host.port);
  // The default window is only promised yet: removing it costs nothing, and frees its place.
  const [promised] = container.windows.list();
  if (promised !== undefined) container.windows.remove(promised);
  const window = createLargest(container, Math.min(memory.pageSize, 64 * KiB));
  host.log({
    window: formatAddress(window.start),
    size: formatSize(window.last - window.start + 1n),
    pages: formatSize(window.pageSize),
    charged: formatSize(lockedBytes(host.port) - before),
  });

  const registration = container.memory.register(memory.address, memory.size);
  copyAtTheEnd(host, container, window, { memory, edu: openEdu(device) });
  registration.close();

  container.windows.remove(window);
  host.log({
    windows: container.windows.list().length,
    mappings: container.dma.mappings().length,
    stillLocked: lockedBytes(host.port) - before,
  });
}

/** 2 MiB in a huge page where some are reserved: window pages may be as large as what backs them. */
function largePages(iommu: Iommu): DmaMemory {
  try {
    return iommu.allocate(2 * MiB, { pageSize: 2 * MiB });
  } catch (error) {
    if (isIommuError(error, "out-of-memory") || isIommuError(error, "kernel-refused"))
      return iommu.allocate(2 * MiB);
    throw error;
  }
}

/** Two levels where tables have several; in an LPAR the firmware decides how much it still has. */
function createLargest(container: Container, pageSize: number): DmaWindow {
  const levels = Math.min(2, container.extension(SPAPR).readOffer().levels);
  for (let size = WANTED; size > 1 * GiB; size /= 2) {
    try {
      return container.windows.create({ pageSize, size: bytes(size), levels });
    } catch (error) {
      if (!isIommuError(error, "no-iova-space")) throw error;
    }
  }
  throw new Error("not even 2 GiB are left");
}

interface Copier {
  readonly memory: DmaMemory;
  readonly edu: EduDriver;
}

/** The last page of the window and the one before it. */
function copyAtTheEnd(
  host: Host,
  { dma }: Container,
  window: DmaWindow,
  { memory, edu }: Copier,
): void {
  const page = bytes(window.pageSize);
  const source = iova(window.last + 1n - page);
  const target = iova(source - page);
  const from = memory.bytes.subarray(0, COPIED);
  const to = memory.bytes.subarray(window.pageSize, window.pageSize + COPIED);
  from.forEach((_, i) => {
    from[i] = (i * 7 + 13) & 0xff;
  });
  dma.map(source, memory.address, page, "read");
  dma.map(target, hostPlus(memory.address, page), page, "read-write");
  edu.copy(source, target, COPIED);
  host.log({ copied: COPIED, equal: from.every((byte, i) => byte === to[i]) });

  to.fill(0);
  dma.unmap(target, page);
  edu.copyToHost(target, EDU_PIECE_BYTES);
  edu.copyToHost(iovaPlus(source, 2 * KiB), EDU_PIECE_BYTES);
  const kept = from.every((byte, i) => byte === ((i * 7 + 13) & 0xff));
  host.log({
    blocked: "unmapped and read-only pages",
    unchanged: kept && to.every((b) => b === 0),
  });
  dma.unmap(source, page);
}

function lockedBytes(port: KernelPort): number {
  return readLockedMemory(port).locked ?? 0;
}
