// A device opened by its own node and bound to an iommufd instead of a container.
//
// Line numbers are of include/uapi/linux/vfio.h in Linux 6.12. None of these is in the 6.1 header.

import type { IoctlCommand } from "../abi/ioctl-number.ts";
import type { Layout, S32, U32 } from "../abi/layout.ts";
import { s32, struct, u32 } from "../abi/layout.ts";
import { vfioCommand } from "./vfio-command.ts";

/** `struct vfio_device_bind_iommufd`, include/uapi/linux/vfio.h:921 (6.12). */
export const vfio_device_bind_iommufd: Layout<{
  argsz: U32;
  flags: U32;
  iommufd: S32;
  out_devid: U32;
}> = struct("vfio_device_bind_iommufd", 0x10, {
  argsz: u32(0),
  flags: u32(4),
  iommufd: s32(8),
  out_devid: u32(0x0c),
});

/** Argument: `vfio_device_bind_iommufd`. vfio.h:928 (6.12). */
export const VFIO_DEVICE_BIND_IOMMUFD: IoctlCommand = vfioCommand(18);

/** `struct vfio_device_attach_iommufd_pt`, include/uapi/linux/vfio.h:953 (6.12). */
export const vfio_device_attach_iommufd_pt: Layout<{ argsz: U32; flags: U32; pt_id: U32 }> = struct(
  "vfio_device_attach_iommufd_pt",
  0x0c,
  { argsz: u32(0), flags: u32(4), pt_id: u32(8) },
);

/** Argument: `vfio_device_attach_iommufd_pt`. vfio.h:959 (6.12). */
export const VFIO_DEVICE_ATTACH_IOMMUFD_PT: IoctlCommand = vfioCommand(19);

/** `struct vfio_device_detach_iommufd_pt`, include/uapi/linux/vfio.h:973 (6.12). */
export const vfio_device_detach_iommufd_pt: Layout<{ argsz: U32; flags: U32 }> = struct(
  "vfio_device_detach_iommufd_pt",
  8,
  { argsz: u32(0), flags: u32(4) },
);

/** Argument: `vfio_device_detach_iommufd_pt`. vfio.h:978 (6.12). */
export const VFIO_DEVICE_DETACH_IOMMUFD_PT: IoctlCommand = vfioCommand(20);
