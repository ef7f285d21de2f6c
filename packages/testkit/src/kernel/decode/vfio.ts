// Places of the fields of the VFIO group and device structs, from linux/vfio.h of Linux 6.12.
//
// For the simulated kernel only; decode-vectors.test.ts compares each with the C compiler's answer.

import { at, type StructTable } from "./struct-view.ts";

export const GROUP_STATUS: StructTable<"argsz" | "flags"> = {
  struct: "vfio_group_status",
  size: 8,
  fields: { argsz: at(0, 4), flags: at(4, 4) },
};

export const DEVICE_INFO: StructTable<
  "argsz" | "flags" | "num_regions" | "num_irqs" | "cap_offset" | "pad"
> = {
  struct: "vfio_device_info",
  size: 24,
  fields: {
    argsz: at(0, 4),
    flags: at(4, 4),
    num_regions: at(8, 4),
    num_irqs: at(12, 4),
    cap_offset: at(16, 4),
    pad: at(20, 4),
  },
};

export const REGION_INFO: StructTable<
  "argsz" | "flags" | "index" | "cap_offset" | "size" | "offset"
> = {
  struct: "vfio_region_info",
  size: 32,
  fields: {
    argsz: at(0, 4),
    flags: at(4, 4),
    index: at(8, 4),
    cap_offset: at(12, 4),
    size: at(16, 8),
    offset: at(24, 8),
  },
};

export const IRQ_INFO: StructTable<"argsz" | "flags" | "index" | "count"> = {
  struct: "vfio_irq_info",
  size: 16,
  fields: { argsz: at(0, 4), flags: at(4, 4), index: at(8, 4), count: at(12, 4) },
};

export const IRQ_SET: StructTable<"argsz" | "flags" | "index" | "start" | "count"> = {
  struct: "vfio_irq_set",
  size: 20,
  fields: {
    argsz: at(0, 4),
    flags: at(4, 4),
    index: at(8, 4),
    start: at(12, 4),
    count: at(16, 4),
  },
};

export const HOT_RESET_INFO: StructTable<"argsz" | "flags" | "count"> = {
  struct: "vfio_pci_hot_reset_info",
  size: 12,
  fields: { argsz: at(0, 4), flags: at(4, 4), count: at(8, 4) },
};

export const HOT_RESET: StructTable<"argsz" | "flags" | "count"> = {
  struct: "vfio_pci_hot_reset",
  size: 12,
  fields: { argsz: at(0, 4), flags: at(4, 4), count: at(8, 4) },
};

export const DEVICE_FEATURE: StructTable<"argsz" | "flags"> = {
  struct: "vfio_device_feature",
  size: 8,
  fields: { argsz: at(0, 4), flags: at(4, 4) },
};

export const IOEVENTFD: StructTable<"argsz" | "flags" | "offset" | "data" | "fd"> = {
  struct: "vfio_device_ioeventfd",
  size: 32,
  fields: {
    argsz: at(0, 4),
    flags: at(4, 4),
    offset: at(8, 8),
    data: at(16, 8),
    fd: at(24, 4),
  },
};

/** Every table of this file, for the comparison with C. */
export const VFIO_STRUCTS: readonly StructTable[] = [
  GROUP_STATUS,
  DEVICE_INFO,
  REGION_INFO,
  IRQ_INFO,
  IRQ_SET,
  HOT_RESET_INFO,
  HOT_RESET,
  DEVICE_FEATURE,
  IOEVENTFD,
];
