// VFIO_IOMMU_UNMAP_DMA: the size that the kernel writes back must be what the ledger expects.

import {
  type ByteSize,
  IommuError,
  type Iova,
  type ProbeContext,
  refusedByKernel,
} from "@iommukit/core";
import { createRow2, createWriter, ioctlNumber } from "@iommukit/core/abi";
import {
  VFIO_DMA_UNMAP_FLAG_ALL,
  VFIO_IOMMU_UNMAP_DMA,
  vfio_iommu_type1_dma_unmap,
} from "./uapi/unmap.ts";

type Unmap = (flags: number, iova: bigint, size: bigint, expected: ByteSize) => void;

/** The unmap of one container. */
export function createUnmap(
  context: ProbeContext,
): (iova: Iova, size: ByteSize, expected: ByteSize) => void {
  const unmap = bind(context);
  return (iova, size, expected) => unmap(0, iova, size, expected);
}

/** Everything at once: both address and size are zero then. */
export function createUnmapAll(context: ProbeContext): (expected: ByteSize) => void {
  const unmap = bind(context);
  return (expected) => unmap(VFIO_DMA_UNMAP_FLAG_ALL, 0n, 0n, expected);
}

function bind({ port, container }: ProbeContext): Unmap {
  const request = ioctlNumber(port.abi, VFIO_IOMMU_UNMAP_DMA);
  const { set, get, bytes } = createWriter(vfio_iommu_type1_dma_unmap, port.abi);
  set.argsz(bytes.length);
  const space = { layout: vfio_iommu_type1_dma_unmap, abi: port.abi, bytes };
  const fill = createRow2(space, "flags", ["iova", "size"]);
  return (flags, iova, size, expected) => {
    fill(flags, iova, size);
    const result = port.ioctl(container, request, bytes);
    if (result !== 0)
      throw refusedByKernel(port.abi, {
        operation: "VFIO_IOMMU_UNMAP_DMA",
        result,
        sentence: "the kernel did not remove the mapping",
        facts: { iova, size, expected },
      });
    const removed = get.size();
    if (removed !== expected) checkRemoved({ iova, size, expected }, removed);
  };
}

interface Removal {
  readonly iova: bigint;
  readonly size: bigint;
  readonly expected: bigint;
}

/** Valid errors: `kernel-misbehaved` when the kernel says another number of bytes than were mapped. */
export function checkRemoved(removal: Removal, removed: bigint): void {
  if (removed === removal.expected) return;
  throw new IommuError({
    code: "kernel-misbehaved",
    operation: "VFIO_IOMMU_UNMAP_DMA",
    sentence: "the kernel removed another number of bytes than were mapped",
    facts: { ...removal, removed },
    hint: "was the container changed by another process? what the kernel still has counts as mapped",
  });
}
