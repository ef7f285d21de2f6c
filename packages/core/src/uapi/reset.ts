// Hot reset: all devices that hang on one bus or slot at once.
//
// Line numbers are of include/uapi/linux/vfio.h in Linux 6.12.

import type { IoctlCommand } from "../abi/ioctl-number.ts";
import type { Layout, Tail, U8, U16, U32 } from "../abi/layout.ts";
import { struct, tail, u8, u16, u32 } from "../abi/layout.ts";
import { vfioCommand } from "./vfio-command.ts";

/**
 * `struct vfio_pci_dependent_device`, include/uapi/linux/vfio.h:728 (6.12).
 *
 * `devid` instead of `group_id` when the device was opened by its own node.
 */
export const vfio_pci_dependent_device: Layout<{
  group_id: U32;
  devid: U32;
  segment: U16;
  bus: U8;
  devfn: U8;
}> = struct("vfio_pci_dependent_device", 8, {
  group_id: u32(0),
  devid: u32(0, { overlays: "group_id" }),
  segment: u16(4),
  bus: u8(6),
  devfn: u8(7),
});

// `vfio_pci_dependent_device.devid`. vfio.h:732
export const VFIO_PCI_DEVID_OWNED = 0;
export const VFIO_PCI_DEVID_NOT_OWNED = -1;

/** `struct vfio_pci_hot_reset_info`, include/uapi/linux/vfio.h:740 (6.12). */
export const vfio_pci_hot_reset_info: Layout<{
  argsz: U32;
  flags: U32;
  count: U32;
  devices: Tail<typeof vfio_pci_dependent_device>;
}> = struct("vfio_pci_hot_reset_info", 0x0c, {
  argsz: u32(0),
  flags: u32(4),
  count: u32(8),
  devices: tail(0x0c, vfio_pci_dependent_device),
});

// `vfio_pci_hot_reset_info.flags`. vfio.h:743
export const VFIO_PCI_HOT_RESET_FLAG_DEV_ID = 1;
export const VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED = 2;

/** Argument: `vfio_pci_hot_reset_info`; ENOSPC with a count. vfio.h:749 (6.12). */
export const VFIO_DEVICE_GET_PCI_HOT_RESET_INFO: IoctlCommand = vfioCommand(12);

/** `struct vfio_pci_hot_reset`, include/uapi/linux/vfio.h:775 (6.12). */
export const vfio_pci_hot_reset: Layout<{
  argsz: U32;
  flags: U32;
  count: U32;
  group_fds: Tail<"s32">;
}> = struct("vfio_pci_hot_reset", 0x0c, {
  argsz: u32(0),
  flags: u32(4),
  count: u32(8),
  group_fds: tail(0x0c, "s32"),
});

/** Argument: `vfio_pci_hot_reset`. vfio.h:782 (6.12). */
export const VFIO_DEVICE_PCI_HOT_RESET: IoctlCommand = vfioCommand(13);
