// The picture that a mediated graphics device shows.
//
// Line numbers are of include/uapi/linux/vfio.h in Linux 6.12.

import type { IoctlCommand } from "../abi/ioctl-number.ts";
import type { Layout, U32, U64 } from "../abi/layout.ts";
import { struct, u32, u64 } from "../abi/layout.ts";
import { vfioCommand } from "./vfio-command.ts";

/** `struct vfio_device_gfx_plane_info`, include/uapi/linux/vfio.h:809 (6.12). */
export const vfio_device_gfx_plane_info: Layout<{
  argsz: U32;
  flags: U32;
  drm_plane_type: U32;
  drm_format: U32;
  drm_format_mod: U64;
  width: U32;
  height: U32;
  stride: U32;
  size: U32;
  x_pos: U32;
  y_pos: U32;
  x_hot: U32;
  y_hot: U32;
  region_index: U32;
  dmabuf_id: U32;
  reserved: U32;
}> = struct("vfio_device_gfx_plane_info", 0x40, {
  argsz: u32(0),
  flags: u32(4),
  drm_plane_type: u32(8),
  drm_format: u32(0x0c),
  drm_format_mod: u64(0x10),
  width: u32(0x18),
  height: u32(0x1c),
  stride: u32(0x20),
  size: u32(0x24),
  x_pos: u32(0x28),
  y_pos: u32(0x2c),
  x_hot: u32(0x30),
  y_hot: u32(0x34),
  region_index: u32(0x38),
  dmabuf_id: u32(0x38, { overlays: "region_index" }),
  reserved: u32(0x3c),
});

// `vfio_device_gfx_plane_info.flags`. vfio.h:812
export const VFIO_GFX_PLANE_TYPE_PROBE = 1;
export const VFIO_GFX_PLANE_TYPE_DMABUF = 2;
export const VFIO_GFX_PLANE_TYPE_REGION = 4;

/** Argument: `vfio_device_gfx_plane_info`. vfio.h:835 (6.12). */
export const VFIO_DEVICE_QUERY_GFX_PLANE: IoctlCommand = vfioCommand(14);

/** Argument: a pointer to a `dmabuf_id`, u32. vfio.h:845 (6.12). */
export const VFIO_DEVICE_GET_GFX_DMABUF: IoctlCommand = vfioCommand(15);
