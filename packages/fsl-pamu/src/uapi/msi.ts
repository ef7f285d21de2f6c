// MSI banks: pages of interrupt registers that a device reaches through a window of its own.
//
// Vendor kernels only (QorIQ SDK 1.4 to 2.0). Mainline uses +17 for registering memory on sPAPR, and for
// dirty pages under Type1.

import type { IoctlCommand, Layout, Reserved, U32, U64 } from "@iommukit/core/abi";
import { reserved, struct, u32, u64 } from "@iommukit/core/abi";
import { vfioCommand } from "@iommukit/core/uapi";

/** `struct vfio_pamu_msi_bank_map`. The header says "no flags"; the driver needs READ or WRITE. */
export const vfio_pamu_msi_bank_map: Layout<{
  argsz: U32;
  flags: U32;
  msi_bank_index: U32;
  padding: Reserved;
  iova: U64;
}> = struct("vfio_pamu_msi_bank_map", 0x18, {
  argsz: u32(0),
  flags: u32(4),
  msi_bank_index: u32(8),
  padding: reserved(0x0c, 4),
  iova: u64(0x10),
});

/** `struct vfio_pamu_msi_bank_unmap`. */
export const vfio_pamu_msi_bank_unmap: Layout<{ argsz: U32; flags: U32; iova: U64 }> = struct(
  "vfio_pamu_msi_bank_unmap",
  0x10,
  { argsz: u32(0), flags: u32(4), iova: u64(8) },
);

/** No argument; the number of banks is the result. */
export const VFIO_IOMMU_PAMU_GET_MSI_BANK_COUNT: IoctlCommand = vfioCommand(17);

/** Argument: `vfio_pamu_msi_bank_map`. Answers 0 also where the driver refused. */
export const VFIO_IOMMU_PAMU_MAP_MSI_BANK: IoctlCommand = vfioCommand(18);

/** Argument: `vfio_pamu_msi_bank_unmap`. Answers 0 also where the driver refused. */
export const VFIO_IOMMU_PAMU_UNMAP_MSI_BANK: IoctlCommand = vfioCommand(19);
