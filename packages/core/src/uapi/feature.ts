// Optional features of a device, all behind one ioctl.
//
// Line numbers are of include/uapi/linux/vfio.h in Linux 6.12. Those of migration are in migration.ts.

import type { IoctlCommand } from "../abi/ioctl-number.ts";
import type { Layout, S32, Tail, U32 } from "../abi/layout.ts";
import { s32, struct, tail, u32 } from "../abi/layout.ts";
import { vfioCommand } from "./vfio-command.ts";

/**
 * `struct vfio_device_feature`, include/uapi/linux/vfio.h:891 (6.12).
 *
 * The tail is the struct of the feature.
 */
export const vfio_device_feature: Layout<{ argsz: U32; flags: U32; data: Tail<"u8"> }> = struct(
  "vfio_device_feature",
  8,
  { argsz: u32(0), flags: u32(4), data: tail(8, "u8") },
);

// `vfio_device_feature.flags`: a feature in the mask, and what to do with it. vfio.h:894
export const VFIO_DEVICE_FEATURE_MASK = 0xffff;
export const VFIO_DEVICE_FEATURE_GET = 0x10000;
export const VFIO_DEVICE_FEATURE_SET = 0x20000;
export const VFIO_DEVICE_FEATURE_PROBE = 0x40000;

/** Argument: `vfio_device_feature`. vfio.h:901 (6.12). */
export const VFIO_DEVICE_FEATURE: IoctlCommand = vfioCommand(17);

// Features. vfio.h:987
export const VFIO_DEVICE_FEATURE_PCI_VF_TOKEN = 0;
export const VFIO_DEVICE_FEATURE_MIGRATION = 1;
export const VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE = 2;
export const VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY = 3;
export const VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP = 4;
export const VFIO_DEVICE_FEATURE_LOW_POWER_EXIT = 5;
export const VFIO_DEVICE_FEATURE_DMA_LOGGING_START = 6;
export const VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP = 7;
export const VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT = 8;
export const VFIO_DEVICE_FEATURE_MIG_DATA_SIZE = 9;
export const VFIO_DEVICE_FEATURE_BUS_MASTER = 10;

/** `struct vfio_device_low_power_entry_with_wakeup`, include/uapi/linux/vfio.h:1325 (6.12). */
export const vfio_device_low_power_entry_with_wakeup: Layout<{
  wakeup_eventfd: S32;
  reserved: U32;
}> = struct("vfio_device_low_power_entry_with_wakeup", 8, {
  wakeup_eventfd: s32(0),
  reserved: u32(4),
});

/** `struct vfio_device_feature_bus_master`, include/uapi/linux/vfio.h:1454 (6.12). */
export const vfio_device_feature_bus_master: Layout<{ op: U32 }> = struct(
  "vfio_device_feature_bus_master",
  4,
  { op: u32(0) },
);

// `vfio_device_feature_bus_master.op`. vfio.h:1456
export const VFIO_DEVICE_FEATURE_CLEAR_MASTER = 0;
export const VFIO_DEVICE_FEATURE_SET_MASTER = 1;
