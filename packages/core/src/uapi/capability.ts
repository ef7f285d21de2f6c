// The header of every capability that an info ioctl appends.
//
// Line numbers are of include/uapi/linux/vfio.h in Linux 6.12.

import type { Layout, U16, U32 } from "../abi/layout.ts";
import { struct, u16, u32 } from "../abi/layout.ts";

/**
 * `struct vfio_info_cap_header`, include/uapi/linux/vfio.h:85 (6.12).
 *
 * Begins every capability of an info answer.
 */
export const vfio_info_cap_header: Layout<{ id: U16; version: U16; next: U32 }> = struct(
  "vfio_info_cap_header",
  8,
  { id: u16(0), version: u16(2), next: u32(4) },
);
