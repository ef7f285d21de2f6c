// What a device descriptor says and does for the device as a whole.
//
// Line numbers are of include/uapi/linux/vfio.h in Linux 6.12.

import type { IoctlCommand } from "../abi/ioctl-number.ts";
import type { Layout, Nested, U32 } from "../abi/layout.ts";
import { nested, struct, u32 } from "../abi/layout.ts";
import { vfio_info_cap_header } from "./capability.ts";
import { vfioCommand } from "./vfio-command.ts";

/**
 * `struct vfio_device_info`, include/uapi/linux/vfio.h:205 (6.12).
 *
 * 20 bytes, without `pad`, in the 6.1 header: kernels take either size.
 */
export const vfio_device_info: Layout<{
  argsz: U32;
  flags: U32;
  num_regions: U32;
  num_irqs: U32;
  cap_offset: U32;
  pad: U32;
}> = struct("vfio_device_info", 0x18, {
  argsz: u32(0),
  flags: u32(4),
  num_regions: u32(8),
  num_irqs: u32(0x0c),
  cap_offset: u32(0x10),
  pad: u32(0x14),
});

// `vfio_device_info.flags`. vfio.h:208
export const VFIO_DEVICE_FLAGS_RESET = 1;
export const VFIO_DEVICE_FLAGS_PCI = 2;
export const VFIO_DEVICE_FLAGS_PLATFORM = 4;
export const VFIO_DEVICE_FLAGS_AMBA = 8;
export const VFIO_DEVICE_FLAGS_CCW = 0x10;
export const VFIO_DEVICE_FLAGS_AP = 0x20;
export const VFIO_DEVICE_FLAGS_FSL_MC = 0x40;
export const VFIO_DEVICE_FLAGS_CAPS = 0x80;
export const VFIO_DEVICE_FLAGS_CDX = 0x100;

/** Argument: `vfio_device_info`. vfio.h:222 (6.12). */
export const VFIO_DEVICE_GET_INFO: IoctlCommand = vfioCommand(7);

/** No argument. Only this device; reset.ts has the hot reset. vfio.h:611 (6.12). */
export const VFIO_DEVICE_RESET: IoctlCommand = vfioCommand(11);

// What sysfs calls the API of a mediated device. vfio.h:230
export const VFIO_DEVICE_API_PCI_STRING = "vfio-pci";
export const VFIO_DEVICE_API_PLATFORM_STRING = "vfio-platform";
export const VFIO_DEVICE_API_AMBA_STRING = "vfio-amba";
export const VFIO_DEVICE_API_CCW_STRING = "vfio-ccw";
export const VFIO_DEVICE_API_AP_STRING = "vfio-ap";

// Capabilities of `VFIO_DEVICE_GET_INFO`; the zPCI ones are s390's (linux/vfio_zdev.h). vfio.h:240
export const VFIO_DEVICE_INFO_CAP_ZPCI_BASE = 1;
export const VFIO_DEVICE_INFO_CAP_ZPCI_GROUP = 2;
export const VFIO_DEVICE_INFO_CAP_ZPCI_UTIL = 3;
export const VFIO_DEVICE_INFO_CAP_ZPCI_PFIP = 4;
export const VFIO_DEVICE_INFO_CAP_PCI_ATOMIC_COMP = 5;

/** `struct vfio_device_info_cap_pci_atomic_comp`, include/uapi/linux/vfio.h:250 (6.12). */
export const vfio_device_info_cap_pci_atomic_comp: Layout<{
  header: Nested<typeof vfio_info_cap_header>;
  flags: U32;
  reserved: U32;
}> = struct("vfio_device_info_cap_pci_atomic_comp", 0x10, {
  header: nested(0, vfio_info_cap_header),
  flags: u32(8),
  reserved: u32(0x0c),
});

// `vfio_device_info_cap_pci_atomic_comp.flags`. vfio.h:253
export const VFIO_PCI_ATOMIC_COMP32 = 1;
export const VFIO_PCI_ATOMIC_COMP64 = 2;
export const VFIO_PCI_ATOMIC_COMP128 = 4;
