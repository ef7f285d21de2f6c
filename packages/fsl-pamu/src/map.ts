// VFIO_IOMMU_MAP_DMA: whole windows only, bound once for each container.
//
// The driver rounds down: less than a window maps nothing and answers 0, a tail is left out. A failure half
// way disables every window of the range, so the range must be free of others, which the ledger sees to.

import {
  type ByteSize,
  type DmaAccess,
  type HostAddress,
  IommuError,
  type Iova,
  type ProbeContext,
  readLockedMemory,
  refusedByKernel,
} from "@iommukit/core";
import { createWriter, ioctlNumber } from "@iommukit/core/abi";
import type { LockedBytes } from "./locked-memory.ts";
import {
  VFIO_DMA_MAP_FLAG_READ,
  VFIO_DMA_MAP_FLAG_WRITE,
  VFIO_IOMMU_MAP_DMA,
  vfio_iommu_type1_dma_map,
} from "./uapi/dma.ts";

const FLAGS: Readonly<Record<DmaAccess, number>> = {
  read: VFIO_DMA_MAP_FLAG_READ,
  write: VFIO_DMA_MAP_FLAG_WRITE,
  "read-write": VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
};

interface MapRange {
  readonly iova: Iova;
  readonly host: HostAddress;
  readonly size: ByteSize;
  readonly access: DmaAccess;
}

/** What the calls of one container share. */
export interface DmaContext extends ProbeContext {
  /** Bytes of a window now, or undefined while there is none. */
  readonly windowSize: () => bigint | undefined;
  /** Makes the windows, if they are not made yet: called before the first use. */
  readonly cut: () => void;
  readonly locked: LockedBytes;
}

export type PamuMap = (iova: Iova, host: HostAddress, size: ByteSize, access: DmaAccess) => void;

/** The map of one container. The call is synchronous, so one buffer serves all. */
export function createMap(context: DmaContext): PamuMap {
  const { port, container, locked } = context;
  const request = ioctlNumber(port.abi, VFIO_IOMMU_MAP_DMA);
  const { set, bytes } = createWriter(vfio_iommu_type1_dma_map, port.abi);
  set.argsz(bytes.length);
  return (iova, host, size, access) => {
    requireWholeWindows(context, "map", iova, size);
    context.cut();
    set.flags(FLAGS[access]);
    set.vaddr(host);
    set.iova(iova);
    set.size(size);
    const result = port.ioctl(container, request, bytes);
    if (result !== 0) throw mapRefused(context, result, { iova, host, size, access });
    locked.mapped(size);
  };
}

/** The same off the event loop: calls may overlap, so each has a buffer of its own. */
export function createMapAsync(
  context: DmaContext,
): (...range: Parameters<PamuMap>) => Promise<void> {
  const { port, container, locked } = context;
  const request = ioctlNumber(port.abi, VFIO_IOMMU_MAP_DMA);
  return async (iova, host, size, access) => {
    requireWholeWindows(context, "map", iova, size);
    context.cut();
    const { set, bytes } = createWriter(vfio_iommu_type1_dma_map, port.abi);
    set.argsz(bytes.length);
    set.flags(FLAGS[access]);
    set.vaddr(host);
    set.iova(iova);
    set.size(size);
    const result = await port.ioctlAsync(container, request, bytes);
    if (result !== 0) throw mapRefused(context, result, { iova, host, size, access });
    locked.mapped(size);
  };
}

/**
 * The last gate before the driver, whoever calls: in a part of a window its loops do not end, and without
 * windows it divides by 0. Valid errors: `outside-window`, `zero-size`, `misaligned`.
 */
export function requireWholeWindows(
  { windowSize }: DmaContext,
  operation: string,
  iova: Iova,
  size: ByteSize,
): void {
  const window = windowSize();
  if (window !== undefined && size !== 0n && ((iova | size) & (window - 1n)) === 0n) return;
  const facts = { iova, size, window };
  if (window === undefined)
    throw new IommuError({
      code: "outside-window",
      operation,
      sentence: `${operation} refused: the container has no window`,
      facts,
    });
  throw new IommuError({
    code: size === 0n ? "zero-size" : "misaligned",
    operation,
    sentence: `${operation} refused: not a range of whole windows`,
    facts,
  });
}

function mapRefused(context: DmaContext, result: number, range: MapRange): IommuError {
  const { port, locked } = context;
  const { limit } = readLockedMemory(port);
  const overLimit =
    limit !== undefined &&
    Number.isFinite(limit) &&
    locked.bytes + range.size > BigInt(Math.trunc(limit));
  return refusedByKernel(port.abi, {
    operation: "VFIO_IOMMU_MAP_DMA",
    result,
    sentence: "the driver did not make the mapping",
    facts: { ...range, lockedHere: locked.bytes, limit },
    codes: {
      ENOMEM: overLimit || locked.kernelMiscounts ? "locked-memory-limit" : "out-of-memory",
      EFAULT: "memory-fault",
    },
    hints: {
      ENOMEM: enomemHint(overLimit, locked),
      EFAULT:
        "the memory must be there for its whole length, writable unless access is read, and contiguous in each window",
      EBUSY:
        "the driver has a mapping there that this process did not make: is the container shared?",
      ENODEV: "the driver has no windows: was the container changed by another process?",
    },
  });
}

function enomemHint(overLimit: boolean, locked: LockedBytes): string {
  if (overLimit)
    return "raise the locked-memory limit (ulimit -l, LimitMEMLOCK=), or give CAP_IPC_LOCK";
  return locked.kernelMiscounts
    ? "the driver takes off more locked memory than it adds when windows of several pages are unmapped; give CAP_IPC_LOCK"
    : "the kernel itself is short of memory";
}
