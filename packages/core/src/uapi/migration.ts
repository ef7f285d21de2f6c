// Migration of a device, and the log of what it wrote to memory.
//
// Line numbers are of include/uapi/linux/vfio.h in Linux 6.12.

import type { IoctlCommand } from "../abi/ioctl-number.ts";
import type { Layout, S32, U32, U64 } from "../abi/layout.ts";
import { s32, struct, u32, u64 } from "../abi/layout.ts";
import { vfioCommand } from "./vfio-command.ts";

/** `struct vfio_device_feature_migration`, include/uapi/linux/vfio.h:1011 (6.12). */
export const vfio_device_feature_migration: Layout<{ flags: U64 }> = struct(
  "vfio_device_feature_migration",
  8,
  { flags: u64(0) },
);

// `vfio_device_feature_migration.flags`. vfio.h:1013
export const VFIO_MIGRATION_STOP_COPY = 1;
export const VFIO_MIGRATION_P2P = 2;
export const VFIO_MIGRATION_PRE_COPY = 4;

/** `struct vfio_device_feature_mig_state`, include/uapi/linux/vfio.h:1047 (6.12). */
export const vfio_device_feature_mig_state: Layout<{ device_state: U32; data_fd: S32 }> = struct(
  "vfio_device_feature_mig_state",
  8,
  { device_state: u32(0), data_fd: s32(4) },
);

// `vfio_device_feature_mig_state.device_state`. vfio.h:1214
export const VFIO_DEVICE_STATE_ERROR = 0;
export const VFIO_DEVICE_STATE_STOP = 1;
export const VFIO_DEVICE_STATE_RUNNING = 2;
export const VFIO_DEVICE_STATE_STOP_COPY = 3;
export const VFIO_DEVICE_STATE_RESUMING = 4;
export const VFIO_DEVICE_STATE_RUNNING_P2P = 5;
export const VFIO_DEVICE_STATE_PRE_COPY = 6;
export const VFIO_DEVICE_STATE_PRE_COPY_P2P = 7;
export const VFIO_DEVICE_STATE_NR = 8;

/** `struct vfio_precopy_info`, include/uapi/linux/vfio.h:1276 (6.12). */
export const vfio_precopy_info: Layout<{
  argsz: U32;
  flags: U32;
  initial_bytes: U64;
  dirty_bytes: U64;
}> = struct("vfio_precopy_info", 0x18, {
  argsz: u32(0),
  flags: u32(4),
  initial_bytes: u64(8),
  dirty_bytes: u64(0x10),
});

/** A call of the migration data descriptor. Argument: `vfio_precopy_info`. vfio.h:1283 (6.12). */
export const VFIO_MIG_GET_PRECOPY_INFO: IoctlCommand = vfioCommand(21);

/** `struct vfio_device_feature_mig_data_size`, include/uapi/linux/vfio.h:1434 (6.12). */
export const vfio_device_feature_mig_data_size: Layout<{ stop_copy_length: U64 }> = struct(
  "vfio_device_feature_mig_data_size",
  8,
  { stop_copy_length: u64(0) },
);

/** `struct vfio_device_feature_dma_logging_control`, include/uapi/linux/vfio.h:1372 (6.12). */
export const vfio_device_feature_dma_logging_control: Layout<{
  page_size: U64;
  num_ranges: U32;
  __reserved: U32;
  ranges: U64;
}> = struct("vfio_device_feature_dma_logging_control", 0x18, {
  page_size: u64(0),
  num_ranges: u32(8),
  __reserved: u32(0x0c),
  ranges: u64(0x10),
});

/** `struct vfio_device_feature_dma_logging_range`, include/uapi/linux/vfio.h:1379 (6.12). */
export const vfio_device_feature_dma_logging_range: Layout<{ iova: U64; length: U64 }> = struct(
  "vfio_device_feature_dma_logging_range",
  0x10,
  { iova: u64(0), length: u64(8) },
);

/** `struct vfio_device_feature_dma_logging_report`, include/uapi/linux/vfio.h:1418 (6.12). */
export const vfio_device_feature_dma_logging_report: Layout<{
  iova: U64;
  length: U64;
  page_size: U64;
  bitmap: U64;
}> = struct("vfio_device_feature_dma_logging_report", 0x20, {
  iova: u64(0),
  length: u64(8),
  page_size: u64(0x10),
  bitmap: u64(0x18),
});
