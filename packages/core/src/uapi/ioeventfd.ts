// A write to a device that an eventfd triggers inside the kernel.
//
// Line numbers are of include/uapi/linux/vfio.h in Linux 6.12.

import type { IoctlCommand } from "../abi/ioctl-number.ts";
import type { Layout, S32, U32, U64 } from "../abi/layout.ts";
import { s32, struct, u32, u64 } from "../abi/layout.ts";
import { vfioCommand } from "./vfio-command.ts";

/** `struct vfio_device_ioeventfd`, include/uapi/linux/vfio.h:859 (6.12). */
export const vfio_device_ioeventfd: Layout<{
  argsz: U32;
  flags: U32;
  offset: U64;
  data: U64;
  fd: S32;
  reserved: U32;
}> = struct("vfio_device_ioeventfd", 0x20, {
  argsz: u32(0),
  flags: u32(4),
  offset: u64(8),
  data: u64(0x10),
  fd: s32(0x18),
  reserved: u32(0x1c),
});

// `vfio_device_ioeventfd.flags`: one width, in bytes. vfio.h:862
export const VFIO_DEVICE_IOEVENTFD_8 = 1;
export const VFIO_DEVICE_IOEVENTFD_16 = 2;
export const VFIO_DEVICE_IOEVENTFD_32 = 4;
export const VFIO_DEVICE_IOEVENTFD_64 = 8;
export const VFIO_DEVICE_IOEVENTFD_SIZE_MASK = 15;

/** Argument: `vfio_device_ioeventfd`. vfio.h:873 (6.12). */
export const VFIO_DEVICE_IOEVENTFD: IoctlCommand = vfioCommand(16);
