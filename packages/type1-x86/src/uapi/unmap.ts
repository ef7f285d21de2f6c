// Removing mappings.
//
// Line numbers are of include/uapi/linux/vfio.h in Linux 6.12.

import type { IoctlCommand, Layout, Tail, U32, U64 } from "@iommukit/core/abi";
import { struct, tail, u32, u64 } from "@iommukit/core/abi";
import { vfioCommand } from "@iommukit/core/uapi";

/**
 * `struct vfio_iommu_type1_dma_unmap`, include/uapi/linux/vfio.h:1604 (6.12).
 *
 * With GET_DIRTY_BITMAP the tail is a `vfio_bitmap`.
 */
export const vfio_iommu_type1_dma_unmap: Layout<{
  argsz: U32;
  flags: U32;
  iova: U64;
  size: U64;
  data: Tail<"u8">;
}> = struct("vfio_iommu_type1_dma_unmap", 0x18, {
  argsz: u32(0),
  flags: u32(4),
  iova: u64(8),
  size: u64(0x10),
  data: tail(0x18, "u8"),
});

// `vfio_iommu_type1_dma_unmap.flags`. vfio.h:1607
export const VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP = 1;
export const VFIO_DMA_UNMAP_FLAG_ALL = 2;
export const VFIO_DMA_UNMAP_FLAG_VADDR = 4;

/** Argument: `vfio_iommu_type1_dma_unmap`; the kernel writes back the size removed. vfio.h:1615 (6.12). */
export const VFIO_IOMMU_UNMAP_DMA: IoctlCommand = vfioCommand(14);
