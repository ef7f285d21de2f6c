// The log of pages that devices wrote to.
//
// Line numbers are of include/uapi/linux/vfio.h in Linux 6.12.

import type { IoctlCommand, Layout, Nested, Pointer, Tail, U32, U64 } from "@iommukit/core/abi";
import { nested, pointer, struct, tail, u32, u64 } from "@iommukit/core/abi";
import { vfioCommand } from "@iommukit/core/uapi";

/**
 * `struct vfio_bitmap`, include/uapi/linux/vfio.h:1570 (6.12).
 *
 * `data` is a C pointer: 4 bytes and 4 of padding on a 32-bit ABI.
 */
export const vfio_bitmap: Layout<{ pgsize: U64; size: U64; data: Pointer }> = struct(
  "vfio_bitmap",
  0x18,
  { pgsize: u64(0), size: u64(8), data: pointer(0x10) },
);

/**
 * `struct vfio_iommu_type1_dirty_bitmap`, include/uapi/linux/vfio.h:1658 (6.12).
 *
 * With GET_BITMAP the tail is a `vfio_iommu_type1_dirty_bitmap_get`.
 */
export const vfio_iommu_type1_dirty_bitmap: Layout<{ argsz: U32; flags: U32; data: Tail<"u8"> }> =
  struct("vfio_iommu_type1_dirty_bitmap", 8, { argsz: u32(0), flags: u32(4), data: tail(8, "u8") });

// `vfio_iommu_type1_dirty_bitmap.flags`. vfio.h:1661
export const VFIO_IOMMU_DIRTY_PAGES_FLAG_START = 1;
export const VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP = 2;
export const VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP = 4;

/** `struct vfio_iommu_type1_dirty_bitmap_get`, include/uapi/linux/vfio.h:1667 (6.12). */
export const vfio_iommu_type1_dirty_bitmap_get: Layout<{
  iova: U64;
  size: U64;
  bitmap: Nested<typeof vfio_bitmap>;
}> = struct("vfio_iommu_type1_dirty_bitmap_get", 0x28, {
  iova: u64(0),
  size: u64(8),
  bitmap: nested(0x10, vfio_bitmap),
});

/** Argument: `vfio_iommu_type1_dirty_bitmap`. vfio.h:1673 (6.12). */
export const VFIO_IOMMU_DIRTY_PAGES: IoctlCommand = vfioCommand(17);
