// What sPAPR says of its windows.
//
// Line numbers are of include/uapi/linux/vfio.h in Linux 6.12.

import type { IoctlCommand, Layout, Nested, U32, U64 } from "@iommukit/core/abi";
import { nested, struct, u32, u64 } from "@iommukit/core/abi";
import { vfioCommand } from "@iommukit/core/uapi";

/** `struct vfio_iommu_spapr_tce_ddw_info`, include/uapi/linux/vfio.h:1688 (6.12). */
export const vfio_iommu_spapr_tce_ddw_info: Layout<{
  pgsizes: U64;
  max_dynamic_windows_supported: U32;
  levels: U32;
}> = struct("vfio_iommu_spapr_tce_ddw_info", 0x10, {
  pgsizes: u64(0),
  max_dynamic_windows_supported: u32(8),
  levels: u32(0x0c),
});

/** `struct vfio_iommu_spapr_tce_info`, include/uapi/linux/vfio.h:1708 (6.12). */
export const vfio_iommu_spapr_tce_info: Layout<{
  argsz: U32;
  flags: U32;
  dma32_window_start: U32;
  dma32_window_size: U32;
  ddw: Nested<typeof vfio_iommu_spapr_tce_ddw_info>;
}> = struct("vfio_iommu_spapr_tce_info", 0x20, {
  argsz: u32(0),
  flags: u32(4),
  dma32_window_start: u32(8),
  dma32_window_size: u32(0x0c),
  ddw: nested(0x10, vfio_iommu_spapr_tce_ddw_info),
});

/** `vfio_iommu_spapr_tce_info.flags`: `ddw` is filled. vfio.h:1711 (6.12). */
export const VFIO_IOMMU_SPAPR_INFO_DDW = 1;

/** Argument: `vfio_iommu_spapr_tce_info`. vfio.h:1717 (6.12). */
export const VFIO_IOMMU_SPAPR_TCE_GET_INFO: IoctlCommand = vfioCommand(12);
