// Making and removing windows.
//
// Line numbers are of include/uapi/linux/vfio.h in Linux 6.12.

import type { IoctlCommand, Layout, U32, U64 } from "@iommukit/core/abi";
import { struct, u32, u64 } from "@iommukit/core/abi";
import { vfioCommand } from "@iommukit/core/uapi";

/** `struct vfio_iommu_spapr_tce_create`, include/uapi/linux/vfio.h:1796 (6.12). */
export const vfio_iommu_spapr_tce_create: Layout<{
  argsz: U32;
  flags: U32;
  page_shift: U32;
  __resv1: U32;
  window_size: U64;
  levels: U32;
  __resv2: U32;
  start_addr: U64;
}> = struct("vfio_iommu_spapr_tce_create", 0x28, {
  argsz: u32(0),
  flags: u32(4),
  page_shift: u32(8),
  __resv1: u32(0x0c),
  window_size: u64(0x10),
  levels: u32(0x18),
  __resv2: u32(0x1c),
  start_addr: u64(0x20),
});

/** Argument: `vfio_iommu_spapr_tce_create`; the kernel writes `start_addr`. vfio.h:1808 (6.12). */
export const VFIO_IOMMU_SPAPR_TCE_CREATE: IoctlCommand = vfioCommand(19);

/** `struct vfio_iommu_spapr_tce_remove`, include/uapi/linux/vfio.h:1816 (6.12). */
export const vfio_iommu_spapr_tce_remove: Layout<{ argsz: U32; flags: U32; start_addr: U64 }> =
  struct("vfio_iommu_spapr_tce_remove", 0x10, { argsz: u32(0), flags: u32(4), start_addr: u64(8) });

/** Argument: `vfio_iommu_spapr_tce_remove`. vfio.h:1822 (6.12). */
export const VFIO_IOMMU_SPAPR_TCE_REMOVE: IoctlCommand = vfioCommand(20);
