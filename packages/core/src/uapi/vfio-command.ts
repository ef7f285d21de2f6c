// The letter and the base of VFIO's ioctls, from which every VFIO package makes its commands.
//
// include/uapi/linux/vfio.h:70 (6.12).

import type { IoctlCommand } from "../abi/ioctl-number.ts";
import { io } from "../abi/ioctl-number.ts";

/** `';'`. vfio.h:70 */
export const VFIO_TYPE = 0x3b;
/** vfio.h:71 */
export const VFIO_BASE = 100;

/**
 * `_IO(VFIO_TYPE, VFIO_BASE + index)`. VFIO encodes no size: structs grow by `argsz` (vfio.h:60).
 *
 * Valid errors: `invalid-argument`.
 */
export function vfioCommand(index: number): IoctlCommand {
  return io(VFIO_TYPE, VFIO_BASE + index);
}
