// Enhanced error handling: one ioctl with an operation and, for injection, an error.
//
// Line numbers are of include/uapi/linux/vfio.h in Linux 6.12. The numbers of operations and states are
// those of PAPR's ibm,set-eeh-option, ibm,set-slot-reset and ibm,read-slot-reset-state2.

import type { IoctlCommand, Layout, Nested, Reserved, U32, U64 } from "@iommukit/core/abi";
import { nested, reserved, struct, u32, u64 } from "@iommukit/core/abi";
import { vfioCommand } from "@iommukit/core/uapi";

/** `struct vfio_eeh_pe_err`, include/uapi/linux/vfio.h:1728 (6.12). */
export const vfio_eeh_pe_err: Layout<{ type: U32; func: U32; addr: U64; mask: U64 }> = struct(
  "vfio_eeh_pe_err",
  0x18,
  { type: u32(0), func: u32(4), addr: u64(8), mask: u64(0x10) },
);

/** `struct vfio_eeh_pe_op`, include/uapi/linux/vfio.h:1735 (6.12). `err` is in a union. */
export const vfio_eeh_pe_op: Layout<{
  argsz: U32;
  flags: U32;
  op: U32;
  padding: Reserved;
  err: Nested<typeof vfio_eeh_pe_err>;
}> = struct("vfio_eeh_pe_op", 0x28, {
  argsz: u32(0),
  flags: u32(4),
  op: u32(8),
  padding: reserved(0x0c, 4),
  err: nested(0x10, vfio_eeh_pe_err),
});

// `vfio_eeh_pe_op.op`, and what GET_STATE answers. vfio.h:1744
export const VFIO_EEH_PE_DISABLE = 0;
export const VFIO_EEH_PE_ENABLE = 1;
export const VFIO_EEH_PE_UNFREEZE_IO = 2;
export const VFIO_EEH_PE_UNFREEZE_DMA = 3;
export const VFIO_EEH_PE_GET_STATE = 4;
export const VFIO_EEH_PE_STATE_NORMAL = 0;
export const VFIO_EEH_PE_STATE_RESET = 1;
export const VFIO_EEH_PE_STATE_STOPPED = 2;
export const VFIO_EEH_PE_STATE_STOPPED_DMA = 4;
export const VFIO_EEH_PE_STATE_UNAVAIL = 5;
export const VFIO_EEH_PE_RESET_DEACTIVATE = 5;
export const VFIO_EEH_PE_RESET_HOT = 6;
export const VFIO_EEH_PE_RESET_FUNDAMENTAL = 7;
export const VFIO_EEH_PE_CONFIGURE = 8;
export const VFIO_EEH_PE_INJECT_ERR = 9;

/** Argument: `vfio_eeh_pe_op`; answers a state, 0 or -errno. vfio.h:1760 (6.12). */
export const VFIO_EEH_PE_OP: IoctlCommand = vfioCommand(21);
