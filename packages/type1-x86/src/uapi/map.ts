// Making a mapping.
//
// Line numbers are of include/uapi/linux/vfio.h in Linux 6.12.

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

// `vfio_iommu_type1_dma_map.flags`. vfio.h:1560
export const VFIO_DMA_MAP_FLAG_READ = 1;
export const VFIO_DMA_MAP_FLAG_WRITE = 2;
export const VFIO_DMA_MAP_FLAG_VADDR = 4;

/** Argument: `vfio_iommu_type1_dma_map`. vfio.h:1568 (6.12). */
export const VFIO_IOMMU_MAP_DMA: IoctlCommand = vfioCommand(13);

/** No argument. sPAPR v1 has it; Type1 answers ENOTTY. vfio.h:1621 (6.12). */
export const VFIO_IOMMU_ENABLE: IoctlCommand = vfioCommand(15);

/** No argument. sPAPR v1 has it; Type1 answers ENOTTY. vfio.h:1622 (6.12). */
export const VFIO_IOMMU_DISABLE: IoctlCommand = vfioCommand(16);
