// What the simulated hardware and kernel know of physical memory: page frames and their bytes.
//
// Frames are doubles of 4 KiB units, so that 52-bit physical addresses stay exact.

/** A run of physically contiguous frames that backs a piece of one allocation. */
export interface FrameRun {
  readonly firstFrame: number;
  readonly frames: number;
}

/** Memory handed to a simulated process: bytes that are contiguous for it, frames that need not be. */
export interface FrameAllocation {
  /** All bytes, in the process's order; shared with every device that reaches the frames. */
  readonly bytes: Uint8Array;
  /** Where they lie in physical memory, in the process's order. */
  readonly runs: readonly FrameRun[];
}

export type FrameLayout =
  /** One run, aligned to its size up to 1 GiB, so that the IOMMU may use large pages. */
  | "contiguous"
  /** Single frames, or units of a large page each, in an order drawn from the machine's seed, none next to its predecessor. */
  | "scattered";
