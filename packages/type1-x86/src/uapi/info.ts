// What the Type1 IOMMU says of itself.
//
// Line numbers are of include/uapi/linux/vfio.h in Linux 6.12.

import type { IoctlCommand, Layout, Nested, Reserved, Tail, U32, U64 } from "@iommukit/core/abi";
import { nested, reserved, struct, tail, u32, u64 } from "@iommukit/core/abi";
import { vfio_info_cap_header, vfioCommand } from "@iommukit/core/uapi";

/**
 * `struct vfio_iommu_type1_info`, include/uapi/linux/vfio.h:1471 (6.12).
 *
 * The last four bytes have no name in the 6.1 header.
 */
export const vfio_iommu_type1_info: Layout<{
  argsz: U32;
  flags: U32;
  iova_pgsizes: U64;
  cap_offset: U32;
  pad: U32;
}> = struct("vfio_iommu_type1_info", 0x18, {
  argsz: u32(0),
  flags: u32(4),
  iova_pgsizes: u64(8),
  cap_offset: u32(0x10),
  pad: u32(0x14),
});

// `vfio_iommu_type1_info.flags`. vfio.h:1474
export const VFIO_IOMMU_INFO_PGSIZES = 1;
export const VFIO_IOMMU_INFO_CAPS = 2;

// Capabilities of `VFIO_IOMMU_GET_INFO`. vfio.h:1489
export const VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE = 1;
export const VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION = 2;
export const VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL = 3;

/** `struct vfio_iova_range`, include/uapi/linux/vfio.h:1491 (6.12). Both ends are included. */
export const vfio_iova_range: Layout<{ start: U64; end: U64 }> = struct("vfio_iova_range", 0x10, {
  start: u64(0),
  end: u64(8),
});

/** `struct vfio_iommu_type1_info_cap_iova_range`, include/uapi/linux/vfio.h:1496 (6.12). */
export const vfio_iommu_type1_info_cap_iova_range: Layout<{
  header: Nested<typeof vfio_info_cap_header>;
  nr_iovas: U32;
  reserved: U32;
  iova_ranges: Tail<typeof vfio_iova_range>;
}> = struct("vfio_iommu_type1_info_cap_iova_range", 0x10, {
  header: nested(0, vfio_info_cap_header),
  nr_iovas: u32(8),
  reserved: u32(0x0c),
  iova_ranges: tail(0x10, vfio_iova_range),
});

/** `struct vfio_iommu_type1_info_cap_migration`, include/uapi/linux/vfio.h:1519 (6.12). */
export const vfio_iommu_type1_info_cap_migration: Layout<{
  header: Nested<typeof vfio_info_cap_header>;
  flags: U32;
  padding: Reserved;
  pgsize_bitmap: U64;
  max_dirty_bitmap_size: U64;
}> = struct("vfio_iommu_type1_info_cap_migration", 0x20, {
  header: nested(0, vfio_info_cap_header),
  flags: u32(8),
  padding: reserved(0x0c, 4),
  pgsize_bitmap: u64(0x10),
  max_dirty_bitmap_size: u64(0x18),
});

/** `struct vfio_iommu_type1_info_dma_avail`, include/uapi/linux/vfio.h:1536 (6.12). */
export const vfio_iommu_type1_info_dma_avail: Layout<{
  header: Nested<typeof vfio_info_cap_header>;
  avail: U32;
}> = struct("vfio_iommu_type1_info_dma_avail", 0x0c, {
  header: nested(0, vfio_info_cap_header),
  avail: u32(8),
});

/** Argument: `vfio_iommu_type1_info`. vfio.h:1541 (6.12). */
export const VFIO_IOMMU_GET_INFO: IoctlCommand = vfioCommand(12);
