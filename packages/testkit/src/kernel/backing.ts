// The frames behind one mmap, which live until nobody maps or pins them.
//
// Pins are counted for the whole allocation: the kernel keeps single pages, but which pages of an
// unmapped area are still pinned can be seen by no program.

import type { FrameAllocation } from "../memory/physical-memory-types.ts";
import type { FrameSource } from "./frame-source.ts";

/** A run of contiguous frames that a driver pinned, and what to give back. */
export interface PinnedRun {
  readonly backing: MemoryBacking;
  readonly frame: number;
  readonly frames: number;
}

/** What stands behind an area of a process: frames, or a region of a device. */
export interface MemoryBacking {
  readonly bytes: Uint8Array;
  /** Whether pinned pages count as locked memory; those without a struct page do not. */
  readonly isCounted: boolean;
  /** log2 of the huge page that backs it; undefined for the kernel's ordinary pages. */
  readonly hugeShift?: number | undefined;
  /** Pages that are pinned now; one pinned twice counts twice. */
  readonly pins: number;
  /** Pins contiguous frames from a page on, at most `most`; undefined if it cannot be faulted in. */
  pin(page: number, most: number): PinnedRun | undefined;
  unpin(frames: number): void;
  /** The process unmapped it. */
  unmap(): void;
}

export class Backing implements MemoryBacking {
  readonly isCounted = true;
  readonly hugeShift: number | undefined;
  readonly bytes: Uint8Array;
  readonly #allocation: FrameAllocation;
  readonly #source: FrameSource;
  /** Index of the first page of each run, ascending. */
  readonly #starts: readonly number[];
  #pins = 0;
  #mapped: boolean = true;

  constructor(source: FrameSource, allocation: FrameAllocation, hugeShift?: number) {
    this.hugeShift = hugeShift;
    this.#source = source;
    this.#allocation = allocation;
    this.bytes = allocation.bytes;
    let start = 0;
    this.#starts = allocation.runs.map((run) => {
      const here = start;
      start += run.frames;
      return here;
    });
  }

  get pins(): number {
    return this.#pins;
  }

  /** Pins the run of contiguous frames that starts at a page, at most `most` of them. */
  pin(page: number, most: number): PinnedRun {
    const index = this.#runAt(page);
    const run = this.#allocation.runs[index];
    const start = this.#starts[index];
    if (run === undefined || start === undefined) throw new RangeError(`page ${page} of no run`);
    const frames = Math.min(most, run.frames - (page - start));
    this.#pins += frames;
    return { backing: this, frame: run.firstFrame + (page - start), frames };
  }

  unpin(frames: number): void {
    this.#pins -= frames;
    this.#releaseIfUnused();
  }

  /** The process unmapped it; the frames stay as long as a device may use them. */
  unmap(): void {
    this.#mapped = false;
    this.#releaseIfUnused();
  }

  #releaseIfUnused(): void {
    if (!this.#mapped && this.#pins === 0) this.#source.free(this.#allocation);
  }

  #runAt(page: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#starts[middle] ?? 0) <= page) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
