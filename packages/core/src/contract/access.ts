// What a device may do with a mapping, seen from the device.

/** `read`: the device reads host memory; `write`: it writes it. */
export type DmaAccess = "read" | "write" | "read-write";

/** Every access, for tables and generators. */
export const DMA_ACCESSES: readonly DmaAccess[] = ["read", "write", "read-write"];
