// Mappings: Type1's structs and numbers, of which the PAMU's driver takes READ and WRITE only.
//
// Line numbers are of include/uapi/linux/vfio.h in Linux 6.12, which has not changed them since 3.6.

import type { IoctlCommand, Layout, U32, U64 } from "@iommukit/core/abi";
import { struct, u32, u64 } from "@iommukit/core/abi";
import { vfioCommand } from "@iommukit/core/uapi";

/** `struct vfio_iommu_type1_dma_map`, include/uapi/linux/vfio.h:1557 (6.12). */
export const vfio_iommu_type1_dma_map: Layout<{
  argsz: U32;
  flags: U32;
  vaddr: U64;
  iova: U64;
  size: U64;
}> = struct("vfio_iommu_type1_dma_map", 0x20, {
  argsz: u32(0),
  flags: u32(4),
  vaddr: u64(8),
  iova: u64(0x10),
  size: u64(0x18),
});

// `vfio_iommu_type1_dma_map.flags`, and those of `vfio_pamu_msi_bank_map`. vfio.h:1560
export const VFIO_DMA_MAP_FLAG_READ = 1;
export const VFIO_DMA_MAP_FLAG_WRITE = 2;

/**
 * `struct vfio_iommu_type1_dma_unmap`, include/uapi/linux/vfio.h:1604 (6.12), as it was before
 * Linux 5.8: Type1's table has it with the tail that came then.
 */
export const vfio_iommu_type1_dma_unmap: Layout<{ argsz: U32; flags: U32; iova: U64; size: U64 }> =
  struct("vfio_iommu_type1_dma_unmap", 0x18, {
    argsz: u32(0),
    flags: u32(4),
    iova: u64(8),
    size: u64(0x10),
  });

/** Argument: `vfio_iommu_type1_dma_map`. vfio.h:1568 (6.12). */
export const VFIO_IOMMU_MAP_DMA: IoctlCommand = vfioCommand(13);

/** Argument: `vfio_iommu_type1_dma_unmap`; this driver writes nothing back. vfio.h:1615 (6.12). */
export const VFIO_IOMMU_UNMAP_DMA: IoctlCommand = vfioCommand(14);
