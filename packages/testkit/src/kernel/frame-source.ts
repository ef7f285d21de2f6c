// Where the kernel gets page frames for its processes: the machine's physical memory.
//
// The kernel never looks into memory by frame; only devices do, through the IOMMU.

import type { FrameAllocation, FrameLayout } from "../memory/physical-memory-types.ts";

export interface FrameSource {
  /** Zeroed memory of whole 4 KiB frames, of which `unit` lie together in any layout (default 1). */
  allocate(frames: number, layout: FrameLayout, unit?: number): FrameAllocation;
  /** The frames are gone: a device that still reaches them is seen. */
  free(allocation: FrameAllocation): void;
}
