// Attributes of a container under the PAMU: geometry, windows, stash target.
//
// Vendor kernels only (QorIQ SDK 1.4 to 2.0): include/uapi/linux/vfio.h and
// drivers/vfio/vfio_iommu_fsl_pamu.c of the SDK's 3.8 and 4.1 kernels. Mainline uses +15 and +16
// for sPAPR's ENABLE and DISABLE.

import type { IoctlCommand, Layout, Reserved, U32, U64 } from "@iommukit/core/abi";
import { reserved, struct, u32, u64 } from "@iommukit/core/abi";
import { vfioCommand } from "@iommukit/core/uapi";

/**
 * `struct vfio_pamu_attr`: the union behind `attribute` holds a geometry (both ends, the last included), a
 * number of windows, or a stash target.
 */
export const vfio_pamu_attr: Layout<{
  argsz: U32;
  flags: U32;
  attribute: U32;
  padding: Reserved;
  aperture_start: U64;
  aperture_end: U64;
  windows: U32;
  cpu: U32;
  cache: U32;
}> = struct("vfio_pamu_attr", 0x20, {
  argsz: u32(0),
  flags: u32(4),
  attribute: u32(8),
  padding: reserved(0x0c, 4),
  aperture_start: u64(0x10),
  aperture_end: u64(0x18),
  windows: u32(0x10, { overlays: "aperture_start" }),
  cpu: u32(0x10, { overlays: "aperture_start" }),
  cache: u32(0x14, { overlays: "aperture_start" }),
});

// `vfio_pamu_attr.attribute`.
export const VFIO_ATTR_GEOMETRY = 0;
export const VFIO_ATTR_WINDOWS = 1;
export const VFIO_ATTR_PAMU_STASH = 2;

/** Argument: `vfio_pamu_attr`. Answers 0 also where the driver refused. */
export const VFIO_IOMMU_PAMU_GET_ATTR: IoctlCommand = vfioCommand(15);

/** Argument: `vfio_pamu_attr`. Answers 0 also where the driver refused. */
export const VFIO_IOMMU_PAMU_SET_ATTR: IoctlCommand = vfioCommand(16);
