// Making and removing mappings, in the structs that Type1 uses too, and sPAPR v1's switch.
//
// Line numbers are of include/uapi/linux/vfio.h in Linux 6.12.

import type { IoctlCommand, Layout, Tail, U32, U64 } from "@iommukit/core/abi";
import { struct, tail, u32, u64 } from "@iommukit/core/abi";
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

// `vfio_iommu_type1_dma_map.flags`; sPAPR refuses every other bit. vfio.h:1560
export const VFIO_DMA_MAP_FLAG_READ = 1;
export const VFIO_DMA_MAP_FLAG_WRITE = 2;

/** Argument: `vfio_iommu_type1_dma_map`. vfio.h:1568 (6.12). */
export const VFIO_IOMMU_MAP_DMA: IoctlCommand = vfioCommand(13);

/** `struct vfio_iommu_type1_dma_unmap`, include/uapi/linux/vfio.h:1604 (6.12); no flag under sPAPR. */
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

/** Argument: `vfio_iommu_type1_dma_unmap`; sPAPR writes nothing back. vfio.h:1615 (6.12). */
export const VFIO_IOMMU_UNMAP_DMA: IoctlCommand = vfioCommand(14);

/** No argument; v1 only, v2 answers ENOTTY. vfio.h:1621 (6.12). */
export const VFIO_IOMMU_ENABLE: IoctlCommand = vfioCommand(15);

/** No argument; v1 only, v2 answers ENOTTY. vfio.h:1622 (6.12). */
export const VFIO_IOMMU_DISABLE: IoctlCommand = vfioCommand(16);
