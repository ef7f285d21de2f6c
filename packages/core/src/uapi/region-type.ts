// Types of device-specific regions, and what lies in them.
//
// Line numbers are of include/uapi/linux/vfio.h in Linux 6.12.

import type { Layout, U32, U64 } from "../abi/layout.ts";
import { struct, u32, u64 } from "../abi/layout.ts";

// `vfio_region_info_cap_type.type`. The first is a C int: negative here, compare `>>> 0`. vfio.h:342
export const VFIO_REGION_TYPE_PCI_VENDOR_TYPE = -2147483648;
export const VFIO_REGION_TYPE_PCI_VENDOR_MASK = 0xffff;
export const VFIO_REGION_TYPE_GFX = 1;
export const VFIO_REGION_TYPE_CCW = 2;
export const VFIO_REGION_TYPE_MIGRATION_DEPRECATED = 3;

// `vfio_region_info_cap_type.subtype`, which means something only with its type. vfio.h:351
export const VFIO_REGION_SUBTYPE_INTEL_IGD_OPREGION = 1;
export const VFIO_REGION_SUBTYPE_INTEL_IGD_HOST_CFG = 2;
export const VFIO_REGION_SUBTYPE_INTEL_IGD_LPC_CFG = 3;
export const VFIO_REGION_SUBTYPE_NVIDIA_NVLINK2_RAM = 1;
export const VFIO_REGION_SUBTYPE_IBM_NVLINK2_ATSD = 1;
export const VFIO_REGION_SUBTYPE_GFX_EDID = 1;
export const VFIO_REGION_SUBTYPE_CCW_ASYNC_CMD = 1;
export const VFIO_REGION_SUBTYPE_CCW_SCHIB = 2;
export const VFIO_REGION_SUBTYPE_CCW_CRW = 3;
export const VFIO_REGION_SUBTYPE_MIGRATION_DEPRECATED = 1;

/**
 * `struct vfio_region_gfx_edid`, include/uapi/linux/vfio.h:411 (6.12).
 *
 * The first bytes of an EDID region.
 */
export const vfio_region_gfx_edid: Layout<{
  edid_offset: U32;
  edid_max_size: U32;
  edid_size: U32;
  max_xres: U32;
  max_yres: U32;
  link_state: U32;
}> = struct("vfio_region_gfx_edid", 0x18, {
  edid_offset: u32(0),
  edid_max_size: u32(4),
  edid_size: u32(8),
  max_xres: u32(0x0c),
  max_yres: u32(0x10),
  link_state: u32(0x14),
});

// `vfio_region_gfx_edid.link_state`. vfio.h:418
export const VFIO_DEVICE_GFX_LINK_STATE_UP = 1;
export const VFIO_DEVICE_GFX_LINK_STATE_DOWN = 2;

/**
 * `struct vfio_device_migration_info`, include/uapi/linux/vfio.h:430 (6.12).
 *
 * Migration v1, which no kernel offers any more.
 */
export const vfio_device_migration_info: Layout<{
  device_state: U32;
  reserved: U32;
  pending_bytes: U64;
  data_offset: U64;
  data_size: U64;
}> = struct("vfio_device_migration_info", 0x20, {
  device_state: u32(0),
  reserved: u32(4),
  pending_bytes: u64(8),
  data_offset: u64(0x10),
  data_size: u64(0x18),
});

// `vfio_device_migration_info.device_state`. vfio.h:432
export const VFIO_DEVICE_STATE_V1_STOP = 0;
export const VFIO_DEVICE_STATE_V1_RUNNING = 1;
export const VFIO_DEVICE_STATE_V1_SAVING = 2;
export const VFIO_DEVICE_STATE_V1_RESUMING = 4;
export const VFIO_DEVICE_STATE_MASK = 7;
