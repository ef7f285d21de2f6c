// VFIO_IOMMU_UNMAP_DMA: whole windows only; the driver says nothing of how much it removed.

import { type ByteSize, type Iova, refusedByKernel } from "@iommukit/core";
import { createWriter, ioctlNumber } from "@iommukit/core/abi";
import { type DmaContext, requireWholeWindows } from "./map.ts";
import { VFIO_IOMMU_UNMAP_DMA, vfio_iommu_type1_dma_unmap } from "./uapi/dma.ts";

export type PamuUnmap = (iova: Iova, size: ByteSize, expected: ByteSize) => void;

/** The unmap of one container. When the last mapping goes, the driver blocks its devices. */
export function createUnmap(context: DmaContext): PamuUnmap {
  const { port, container, locked } = context;
  const request = ioctlNumber(port.abi, VFIO_IOMMU_UNMAP_DMA);
  const { set, bytes } = createWriter(vfio_iommu_type1_dma_unmap, port.abi);
  set.argsz(bytes.length);
  set.flags(0);
  return (iova, size, expected) => {
    requireWholeWindows(context, "unmap", iova, size);
    set.iova(iova);
    set.size(size);
    const result = port.ioctl(container, request, bytes);
    if (result !== 0)
      throw refusedByKernel(port.abi, {
        operation: "VFIO_IOMMU_UNMAP_DMA",
        result,
        sentence: "the driver did not remove the mapping",
        facts: { iova, size, expected },
      });
    locked.unmapped(expected, (context.windowSize() ?? 0n) > BigInt(port.abi.pageSize));
  };
}
