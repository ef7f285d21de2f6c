// Places of the fields of the sPAPR TCE structs, and the commands that take them, from
// include/uapi/linux/vfio.h of Linux 6.12.
//
// For the simulated kernel only; decode-vectors.test.ts compares each with the C compiler's answer.
// The numbers 12, 13, 14 and 17 mean something else under Type1.

import { at, type StructTable } from "./struct-view.ts";

export const SPAPR_TCE_GET_INFO = 12;
export const SPAPR_MAP_DMA = 13;
export const SPAPR_UNMAP_DMA = 14;
export const SPAPR_ENABLE = 15;
export const SPAPR_DISABLE = 16;
export const SPAPR_REGISTER_MEMORY = 17;
export const SPAPR_UNREGISTER_MEMORY = 18;
export const SPAPR_TCE_CREATE = 19;
export const SPAPR_TCE_REMOVE = 20;
export const EEH_PE_OP = 21;

/** The names of the container's commands on a 64-bit POWER kernel. */
export const SPAPR_NAMES: Readonly<Record<number, string>> = {
  [SPAPR_TCE_GET_INFO]: "VFIO_IOMMU_SPAPR_TCE_GET_INFO",
  [SPAPR_MAP_DMA]: "VFIO_IOMMU_MAP_DMA",
  [SPAPR_UNMAP_DMA]: "VFIO_IOMMU_UNMAP_DMA",
  [SPAPR_ENABLE]: "VFIO_IOMMU_ENABLE",
  [SPAPR_DISABLE]: "VFIO_IOMMU_DISABLE",
  [SPAPR_REGISTER_MEMORY]: "VFIO_IOMMU_SPAPR_REGISTER_MEMORY",
  [SPAPR_UNREGISTER_MEMORY]: "VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY",
  [SPAPR_TCE_CREATE]: "VFIO_IOMMU_SPAPR_TCE_CREATE",
  [SPAPR_TCE_REMOVE]: "VFIO_IOMMU_SPAPR_TCE_REMOVE",
  [EEH_PE_OP]: "VFIO_EEH_PE_OP",
};

export const SPAPR_INFO: StructTable<
  "argsz" | "flags" | "dma32_window_start" | "dma32_window_size" | "ddw"
> = {
  struct: "vfio_iommu_spapr_tce_info",
  size: 32,
  fields: {
    argsz: at(0, 4),
    flags: at(4, 4),
    dma32_window_start: at(8, 4),
    dma32_window_size: at(12, 4),
    ddw: at(16, 16),
  },
};

export const DDW_INFO: StructTable<"pgsizes" | "max_dynamic_windows_supported" | "levels"> = {
  struct: "vfio_iommu_spapr_tce_ddw_info",
  size: 16,
  fields: {
    pgsizes: at(0, 8),
    max_dynamic_windows_supported: at(8, 4),
    levels: at(12, 4),
  },
};

export const REGISTER_MEMORY: StructTable<"argsz" | "flags" | "vaddr" | "size"> = {
  struct: "vfio_iommu_spapr_register_memory",
  size: 24,
  fields: { argsz: at(0, 4), flags: at(4, 4), vaddr: at(8, 8), size: at(16, 8) },
};

export const TCE_CREATE: StructTable<
  "argsz" | "flags" | "page_shift" | "__resv1" | "window_size" | "levels" | "__resv2" | "start_addr"
> = {
  struct: "vfio_iommu_spapr_tce_create",
  size: 40,
  fields: {
    argsz: at(0, 4),
    flags: at(4, 4),
    page_shift: at(8, 4),
    __resv1: at(12, 4),
    window_size: at(16, 8),
    levels: at(24, 4),
    __resv2: at(28, 4),
    start_addr: at(32, 8),
  },
};

export const TCE_REMOVE: StructTable<"argsz" | "flags" | "start_addr"> = {
  struct: "vfio_iommu_spapr_tce_remove",
  size: 16,
  fields: { argsz: at(0, 4), flags: at(4, 4), start_addr: at(8, 8) },
};

export const EEH_OP: StructTable<"argsz" | "flags" | "op" | "err"> = {
  struct: "vfio_eeh_pe_op",
  size: 40,
  fields: { argsz: at(0, 4), flags: at(4, 4), op: at(8, 4), err: at(16, 24) },
};

export const EEH_ERROR: StructTable<"type" | "func" | "addr" | "mask"> = {
  struct: "vfio_eeh_pe_err",
  size: 24,
  fields: { type: at(0, 4), func: at(4, 4), addr: at(8, 8), mask: at(16, 8) },
};

/** Every table of this file, for the comparison with C. */
export const SPAPR_STRUCTS: readonly StructTable[] = [
  SPAPR_INFO,
  DDW_INFO,
  REGISTER_MEMORY,
  TCE_CREATE,
  TCE_REMOVE,
  EEH_OP,
  EEH_ERROR,
];
