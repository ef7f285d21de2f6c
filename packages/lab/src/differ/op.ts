// One call of a generated sequence, as data that JSON holds.
//
// Descriptors are named slots and memory is named by its place in the arena, so that one sequence
// means the same on every machine. 64-bit numbers are text ("0x1000").

/**
 * Where a descriptor is kept: c containers, g groups, d devices, e eventfds. A slot that holds
 * nothing is -1, so any call may name any slot.
 */
export type Slot = string;

/**
 * "0x…", or memory of the process that runs the sequence: "arena+0x…", and "huge+0x…" for its huge
 * pages, where it has any.
 */
export type Word64 = string;

/** `struct vfio_bitmap`. */
export interface Bitmap {
  readonly pgsize: Word64;
  readonly size: Word64;
  readonly data: Word64;
}

/** Calls whose argument is a value, or a bare pointer. */
export type WordCall =
  | "GET_API_VERSION"
  | "CHECK_EXTENSION"
  | "SET_IOMMU"
  | "GROUP_GET_STATUS"
  | "GROUP_SET_CONTAINER"
  | "GROUP_UNSET_CONTAINER"
  | "GROUP_GET_DEVICE_FD"
  | "DEVICE_GET_INFO"
  | "DEVICE_RESET"
  | "IOMMU_GET_INFO"
  | "IOMMU_MAP_DMA"
  | "IOMMU_UNMAP_DMA"
  | "IOMMU_ENABLE"
  | "IOMMU_DISABLE"
  | "IOMMU_DIRTY_PAGES"
  | "SPAPR_UNREGISTER_MEMORY"
  | "SPAPR_TCE_CREATE"
  | "SPAPR_TCE_REMOVE"
  | "EEH_PE_OP"
  | "UNKNOWN";

export interface MapOp {
  readonly op: "map";
  readonly fd: Slot;
  readonly argsz: number;
  readonly flags: number;
  readonly vaddr: Word64;
  readonly iova: Word64;
  readonly size: Word64;
}

/** UNMAP_DMA, or DIRTY_PAGES: the same facts in another order. */
export interface RangeOp {
  readonly op: "unmap" | "dirty";
  readonly fd: Slot;
  readonly argsz: number;
  readonly flags: number;
  readonly iova: Word64;
  readonly size: Word64;
  readonly bitmap?: Bitmap;
}

/** SPAPR_REGISTER_MEMORY and SPAPR_UNREGISTER_MEMORY. */
export interface RegisterOp {
  readonly op: "register" | "unregister";
  readonly fd: Slot;
  readonly argsz: number;
  readonly flags: number;
  readonly vaddr: Word64;
  readonly size: Word64;
}

/** SPAPR_TCE_CREATE. */
export interface CreateOp {
  readonly op: "create";
  readonly fd: Slot;
  readonly argsz: number;
  readonly flags: number;
  readonly pageShift: number;
  readonly windowSize: Word64;
  readonly levels: number;
}

/** SPAPR_TCE_REMOVE. */
export interface RemoveOp {
  readonly op: "remove";
  readonly fd: Slot;
  readonly argsz: number;
  readonly flags: number;
  readonly start: Word64;
}

/** EEH_PE_OP; the last two members are those of an error to inject. */
export interface EehOp {
  readonly op: "eeh";
  readonly fd: Slot;
  readonly argsz: number;
  readonly flags: number;
  readonly operation: number;
  readonly type: number;
  readonly func: number;
}

export interface IrqsOp {
  readonly op: "set-irqs";
  readonly fd: Slot;
  readonly argsz: number;
  readonly flags: number;
  readonly index: number;
  readonly start: number;
  readonly count: number;
  /** Numbers are written as they are (32 bits), slots as their descriptors. */
  readonly data: readonly (number | Slot)[];
}

/** Reads or writes a device region at an offset. */
export interface RegionOp {
  readonly op: "read" | "write";
  readonly fd: Slot;
  readonly region: number;
  readonly offset: Word64;
  readonly length: number;
  /** What to write, repeated to the length. */
  readonly value?: number;
}

/** The device copies `length` bytes from one bus address to another. */
export interface DmaOp {
  readonly op: "dma";
  readonly fd: Slot;
  readonly from: Word64;
  readonly to: Word64;
  readonly length: number;
}

export type Op =
  | { readonly op: "open"; readonly into: Slot; readonly node: "container" | "group0" | "group1" }
  | { readonly op: "eventfd"; readonly into: Slot }
  | { readonly op: "close"; readonly fd: Slot }
  | { readonly op: "word"; readonly fd: Slot; readonly call: WordCall; readonly value: number }
  | { readonly op: "status"; readonly fd: Slot; readonly argsz: number }
  | { readonly op: "attach"; readonly fd: Slot; readonly container: Slot }
  /** `{0}` and `{1}` in the name stand for the devices' addresses, `{*N}` for N characters. */
  | { readonly op: "device"; readonly fd: Slot; readonly into: Slot; readonly name: string }
  | { readonly op: "device-info" | "iommu-info"; readonly fd: Slot; readonly argsz: number }
  | {
      readonly op: "region-info" | "irq-info";
      readonly fd: Slot;
      readonly argsz: number;
      readonly index: number;
    }
  /** Writes vfio_iommu_type1's parameter; put back after the sequence. */
  | { readonly op: "limit"; readonly value: number }
  | MapOp
  | RangeOp
  | RegisterOp
  | CreateOp
  | RemoveOp
  | EehOp
  | IrqsOp
  | RegionOp
  | DmaOp;

export type Sequence = readonly Op[];
