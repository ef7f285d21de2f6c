// Regions of a device: what they are and where they lie behind the device descriptor.
//
// Line numbers are of include/uapi/linux/vfio.h in Linux 6.12.

import type { IoctlCommand } from "../abi/ioctl-number.ts";
import type { Layout, Nested, Tail, U32, U64 } from "../abi/layout.ts";
import { nested, struct, tail, u32, u64 } from "../abi/layout.ts";
import { vfio_info_cap_header } from "./capability.ts";
import { vfioCommand } from "./vfio-command.ts";

/** `struct vfio_region_info`, include/uapi/linux/vfio.h:271 (6.12). */
export const vfio_region_info: Layout<{
  argsz: U32;
  flags: U32;
  index: U32;
  cap_offset: U32;
  size: U64;
  offset: U64;
}> = struct("vfio_region_info", 0x20, {
  argsz: u32(0),
  flags: u32(4),
  index: u32(8),
  cap_offset: u32(0x0c),
  size: u64(0x10),
  offset: u64(0x18),
});

// `vfio_region_info.flags`. vfio.h:274
export const VFIO_REGION_INFO_FLAG_READ = 1;
export const VFIO_REGION_INFO_FLAG_WRITE = 2;
export const VFIO_REGION_INFO_FLAG_MMAP = 4;
export const VFIO_REGION_INFO_FLAG_CAPS = 8;

/** Argument: `vfio_region_info`. vfio.h:283 (6.12). */
export const VFIO_DEVICE_GET_REGION_INFO: IoctlCommand = vfioCommand(8);

// Capabilities of `VFIO_DEVICE_GET_REGION_INFO`. vfio.h:294
export const VFIO_REGION_INFO_CAP_SPARSE_MMAP = 1;
export const VFIO_REGION_INFO_CAP_TYPE = 2;
export const VFIO_REGION_INFO_CAP_MSIX_MAPPABLE = 3;
export const VFIO_REGION_INFO_CAP_NVLINK2_SSATGT = 4;
export const VFIO_REGION_INFO_CAP_NVLINK2_LNKSPD = 5;

/** `struct vfio_region_sparse_mmap_area`, include/uapi/linux/vfio.h:296 (6.12). */
export const vfio_region_sparse_mmap_area: Layout<{ offset: U64; size: U64 }> = struct(
  "vfio_region_sparse_mmap_area",
  0x10,
  { offset: u64(0), size: u64(8) },
);

/** `struct vfio_region_info_cap_sparse_mmap`, include/uapi/linux/vfio.h:301 (6.12). */
export const vfio_region_info_cap_sparse_mmap: Layout<{
  header: Nested<typeof vfio_info_cap_header>;
  nr_areas: U32;
  reserved: U32;
  areas: Tail<typeof vfio_region_sparse_mmap_area>;
}> = struct("vfio_region_info_cap_sparse_mmap", 0x10, {
  header: nested(0, vfio_info_cap_header),
  nr_areas: u32(8),
  reserved: u32(0x0c),
  areas: tail(0x10, vfio_region_sparse_mmap_area),
});

/** `struct vfio_region_info_cap_type`, include/uapi/linux/vfio.h:330 (6.12). */
export const vfio_region_info_cap_type: Layout<{
  header: Nested<typeof vfio_info_cap_header>;
  type: U32;
  subtype: U32;
}> = struct("vfio_region_info_cap_type", 0x10, {
  header: nested(0, vfio_info_cap_header),
  type: u32(8),
  subtype: u32(0x0c),
});

/**
 * `struct vfio_region_info_cap_nvlink2_ssatgt`, include/uapi/linux/vfio.h:477 (6.12).
 *
 * No longer provided.
 */
export const vfio_region_info_cap_nvlink2_ssatgt: Layout<{
  header: Nested<typeof vfio_info_cap_header>;
  tgt: U64;
}> = struct("vfio_region_info_cap_nvlink2_ssatgt", 0x10, {
  header: nested(0, vfio_info_cap_header),
  tgt: u64(8),
});

/**
 * `struct vfio_region_info_cap_nvlink2_lnkspd`, include/uapi/linux/vfio.h:493 (6.12).
 *
 * No longer provided.
 */
export const vfio_region_info_cap_nvlink2_lnkspd: Layout<{
  header: Nested<typeof vfio_info_cap_header>;
  link_speed: U32;
  __pad: U32;
}> = struct("vfio_region_info_cap_nvlink2_lnkspd", 0x10, {
  header: nested(0, vfio_info_cap_header),
  link_speed: u32(8),
  __pad: u32(0x0c),
});

// Regions of vfio-pci, by index. vfio.h:620
export const VFIO_PCI_BAR0_REGION_INDEX = 0;
export const VFIO_PCI_BAR1_REGION_INDEX = 1;
export const VFIO_PCI_BAR2_REGION_INDEX = 2;
export const VFIO_PCI_BAR3_REGION_INDEX = 3;
export const VFIO_PCI_BAR4_REGION_INDEX = 4;
export const VFIO_PCI_BAR5_REGION_INDEX = 5;
export const VFIO_PCI_ROM_REGION_INDEX = 6;
export const VFIO_PCI_CONFIG_REGION_INDEX = 7;
export const VFIO_PCI_VGA_REGION_INDEX = 8;
export const VFIO_PCI_NUM_REGIONS = 9;

// Regions of vfio-ccw, by index. vfio.h:657
export const VFIO_CCW_CONFIG_REGION_INDEX = 0;
export const VFIO_CCW_NUM_REGIONS = 1;
