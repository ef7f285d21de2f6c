// Ioctls of a group descriptor (/dev/vfio/N).
//
// Line numbers are of include/uapi/linux/vfio.h in Linux 6.12.

import type { IoctlCommand } from "../abi/ioctl-number.ts";
import type { Layout, U32 } from "../abi/layout.ts";
import { struct, u32 } from "../abi/layout.ts";
import { vfioCommand } from "./vfio-command.ts";

/** `struct vfio_group_status`, include/uapi/linux/vfio.h:146 (6.12). */
export const vfio_group_status: Layout<{ argsz: U32; flags: U32 }> = struct(
  "vfio_group_status",
  8,
  { argsz: u32(0), flags: u32(4) },
);

// `vfio_group_status.flags`. vfio.h:149
export const VFIO_GROUP_FLAGS_VIABLE = 1;
export const VFIO_GROUP_FLAGS_CONTAINER_SET = 2;

/** Argument: `vfio_group_status`. vfio.h:152 (6.12). */
export const VFIO_GROUP_GET_STATUS: IoctlCommand = vfioCommand(3);

/** Argument: a pointer to the container's descriptor, s32. vfio.h:166 (6.12). */
export const VFIO_GROUP_SET_CONTAINER: IoctlCommand = vfioCommand(4);

/** No argument. vfio.h:181 (6.12). */
export const VFIO_GROUP_UNSET_CONTAINER: IoctlCommand = vfioCommand(5);

/** Argument: the device's name, NUL-terminated; answers a descriptor. vfio.h:193 (6.12). */
export const VFIO_GROUP_GET_DEVICE_FD: IoctlCommand = vfioCommand(6);
