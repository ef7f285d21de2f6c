// Registering memory before it is mapped, which v2 asks for.
//
// Line numbers are of include/uapi/linux/vfio.h in Linux 6.12.

import type { IoctlCommand, Layout, U32, U64 } from "@iommukit/core/abi";
import { struct, u32, u64 } from "@iommukit/core/abi";
import { vfioCommand } from "@iommukit/core/uapi";

/** `struct vfio_iommu_spapr_register_memory`, include/uapi/linux/vfio.h:1770 (6.12). */
export const vfio_iommu_spapr_register_memory: Layout<{
  argsz: U32;
  flags: U32;
  vaddr: U64;
  size: U64;
}> = struct("vfio_iommu_spapr_register_memory", 0x18, {
  argsz: u32(0),
  flags: u32(4),
  vaddr: u64(8),
  size: u64(0x10),
});

/** Argument: `vfio_iommu_spapr_register_memory`. vfio.h:1776 (6.12). */
export const VFIO_IOMMU_SPAPR_REGISTER_MEMORY: IoctlCommand = vfioCommand(17);

/** Argument: `vfio_iommu_spapr_register_memory`. vfio.h:1785 (6.12). */
export const VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY: IoctlCommand = vfioCommand(18);
