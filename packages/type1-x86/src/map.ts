// VFIO_IOMMU_MAP_DMA: bound once for each container; a map fills one reused struct.

import {
  type ByteSize,
  type DmaAccess,
  type HostAddress,
  type IommuError,
  type Iova,
  type KernelPort,
  type ProbeContext,
  readLockedMemory,
  refusedByKernel,
} from "@iommukit/core";
import { createRow3, createWriter, ioctlNumber } from "@iommukit/core/abi";
import { repeatInterrupted, uninterruptedAsync } from "./interrupted.ts";
import {
  VFIO_DMA_MAP_FLAG_READ,
  VFIO_DMA_MAP_FLAG_WRITE,
  VFIO_IOMMU_MAP_DMA,
  vfio_iommu_type1_dma_map,
} from "./uapi/map.ts";

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

/** The map of one container. The call is synchronous, so one buffer serves all. */
export function createMap(
  context: ProbeContext,
): (iova: Iova, host: HostAddress, size: ByteSize, access: DmaAccess) => void {
  const { port, container } = context;
  const request = ioctlNumber(port.abi, VFIO_IOMMU_MAP_DMA);
  const { set, bytes } = createWriter(vfio_iommu_type1_dma_map, port.abi);
  set.argsz(bytes.length);
  const space = { layout: vfio_iommu_type1_dma_map, abi: port.abi, bytes };
  const fill = createRow3(space, "flags", ["vaddr", "iova", "size"]);
  const repeat = repeatInterrupted(port.abi, () => port.ioctl(container, request, bytes));
  return (iova, host, size, access) => {
    fill(FLAGS[access], host, iova, size);
    // The call itself stands here: a closure around it costs 40 instructions for each mapping.
    let result = port.ioctl(container, request, bytes);
    if (result === 0) return;
    result = repeat(result);
    if (result !== 0) throw mapRefused(port, result, { iova, host, size, access });
  };
}

/** The same off the event loop: calls may overlap, so each has a buffer of its own. */
export function createMapAsync(
  context: ProbeContext,
): (iova: Iova, host: HostAddress, size: ByteSize, access: DmaAccess) => Promise<void> {
  const { port, container } = context;
  const request = ioctlNumber(port.abi, VFIO_IOMMU_MAP_DMA);
  return async (iova, host, size, access) => {
    const { set, bytes } = createWriter(vfio_iommu_type1_dma_map, port.abi);
    set.argsz(bytes.length);
    set.flags(FLAGS[access]);
    set.vaddr(host);
    set.iova(iova);
    set.size(size);
    const call = uninterruptedAsync(port.abi, () => port.ioctlAsync(container, request, bytes));
    const result = await call();
    if (result !== 0) throw mapRefused(port, result, { iova, host, size, access });
  };
}

function mapRefused(port: KernelPort, result: number, range: MapRange): IommuError {
  const { locked, limit } = readLockedMemory(port);
  const overLimit =
    locked !== undefined &&
    limit !== undefined &&
    BigInt(locked) + range.size > BigInt(clamp(limit));
  return refusedByKernel(port.abi, {
    operation: "VFIO_IOMMU_MAP_DMA",
    result,
    sentence: "the kernel did not make the mapping",
    facts: { ...range, locked, limit },
    codes: {
      ENOMEM: overLimit ? "locked-memory-limit" : "out-of-memory",
      ENOSPC: "mapping-limit",
      EFAULT: "memory-fault",
    },
    hints: {
      ENOMEM: overLimit
        ? "raise the locked-memory limit (ulimit -l, LimitMEMLOCK=), or give CAP_IPC_LOCK"
        : "the kernel itself is short of memory",
      ENOSPC: "raise vfio_iommu_type1.dma_entry_limit, or map larger ranges",
      EFAULT: "the memory must be there for its whole length, and writable unless access is read",
      EEXIST:
        "the kernel has a mapping there that this process did not make: is the container shared?",
    },
  });
}

/** `unlimited` is Infinity, which no bigint is; 2^63 is beyond any memory. */
function clamp(limit: number): number {
  return Number.isFinite(limit) ? limit : 2 ** 63;
}
