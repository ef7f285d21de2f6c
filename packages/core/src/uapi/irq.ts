// Interrupts of a device: what there are, and how they are signalled.
//
// Line numbers are of include/uapi/linux/vfio.h in Linux 6.12.

import type { IoctlCommand } from "../abi/ioctl-number.ts";
import type { Layout, Tail, U32 } from "../abi/layout.ts";
import { struct, tail, u32 } from "../abi/layout.ts";
import { vfioCommand } from "./vfio-command.ts";

/** `struct vfio_irq_info`, include/uapi/linux/vfio.h:534 (6.12). */
export const vfio_irq_info: Layout<{ argsz: U32; flags: U32; index: U32; count: U32 }> = struct(
  "vfio_irq_info",
  0x10,
  { argsz: u32(0), flags: u32(4), index: u32(8), count: u32(0x0c) },
);

// `vfio_irq_info.flags`. vfio.h:537
export const VFIO_IRQ_INFO_EVENTFD = 1;
export const VFIO_IRQ_INFO_MASKABLE = 2;
export const VFIO_IRQ_INFO_AUTOMASKED = 4;
export const VFIO_IRQ_INFO_NORESIZE = 8;

/** Argument: `vfio_irq_info`. vfio.h:544 (6.12). */
export const VFIO_DEVICE_GET_IRQ_INFO: IoctlCommand = vfioCommand(9);

/**
 * `struct vfio_irq_set`, include/uapi/linux/vfio.h:584 (6.12).
 *
 * The tail is none, bytes, or s32 eventfds, by flag; byte 20 is only 4-aligned.
 */
export const vfio_irq_set: Layout<{
  argsz: U32;
  flags: U32;
  index: U32;
  start: U32;
  count: U32;
  data: Tail<"u8">;
}> = struct("vfio_irq_set", 0x14, {
  argsz: u32(0),
  flags: u32(4),
  index: u32(8),
  start: u32(0x0c),
  count: u32(0x10),
  data: tail(0x14, "u8"),
});

// `vfio_irq_set.flags`: one of DATA with one of ACTION. vfio.h:587
export const VFIO_IRQ_SET_DATA_NONE = 1;
export const VFIO_IRQ_SET_DATA_BOOL = 2;
export const VFIO_IRQ_SET_DATA_EVENTFD = 4;
export const VFIO_IRQ_SET_ACTION_MASK = 8;
export const VFIO_IRQ_SET_ACTION_UNMASK = 0x10;
export const VFIO_IRQ_SET_ACTION_TRIGGER = 0x20;
export const VFIO_IRQ_SET_DATA_TYPE_MASK = 7;
export const VFIO_IRQ_SET_ACTION_TYPE_MASK = 0x38;

/** Argument: `vfio_irq_set`. vfio.h:598 (6.12). */
export const VFIO_DEVICE_SET_IRQS: IoctlCommand = vfioCommand(10);

// Interrupts of vfio-pci, by index. vfio.h:642
export const VFIO_PCI_INTX_IRQ_INDEX = 0;
export const VFIO_PCI_MSI_IRQ_INDEX = 1;
export const VFIO_PCI_MSIX_IRQ_INDEX = 2;
export const VFIO_PCI_ERR_IRQ_INDEX = 3;
export const VFIO_PCI_REQ_IRQ_INDEX = 4;
export const VFIO_PCI_NUM_IRQS = 5;

// Interrupts of vfio-ccw and of vfio-ap, by index. vfio.h:662
export const VFIO_CCW_IO_IRQ_INDEX = 0;
export const VFIO_CCW_CRW_IRQ_INDEX = 1;
export const VFIO_CCW_REQ_IRQ_INDEX = 2;
export const VFIO_CCW_NUM_IRQS = 3;
export const VFIO_AP_REQ_IRQ_INDEX = 0;
export const VFIO_AP_NUM_IRQS = 1;
