// Where allocations lie in the physical address space, and which allocation a frame belongs to.
//
// Physical addresses only ever go up: a freed frame is never given to anyone else, so a device that
// still uses it cannot hit live bytes by accident. Between two allocations lies at least one frame
// that belongs to nobody, so one byte too many is seen.

import type { FrameLayout, FrameRun } from "./physical-memory-types.ts";
import type { SeededRandom } from "./random.ts";

/** The first frame above 4 GiB. */
const FIRST_DATA_FRAME = 0x10_0000;
/** 1 GiB: the largest page size common to the IOMMUs here. */
const LARGEST_ALIGNMENT = 0x4_0000;
/** Freed blocks that are remembered as freed; older ones count as absent. */
const QUARANTINE = 4096;

/** One allocation's place: `span` frames of address space from `firstFrame`. */
export interface FrameBlock {
  readonly firstFrame: number;
  readonly span: number;
  readonly runs: readonly FrameRun[];
  /** Scattered only: slot s begins at firstFrame + 2s units and holds this unit of the process's. */
  readonly unitOfSlot: Int32Array | undefined;
  /** Frames that lie together in each slot. */
  readonly unit: number;
  /** Gone once freed. */
  bytes: Uint8Array | undefined;
}

export class FrameBlocks {
  readonly #random: SeededRandom;
  readonly #endFrame: number;
  readonly #freed: FrameBlock[] = [];
  #blocks: FrameBlock[] = [];
  #cursor = FIRST_DATA_FRAME;
  #last: FrameBlock | undefined;

  constructor(random: SeededRandom, addressBits: number) {
    this.#random = random;
    this.#endFrame = 2 ** (addressBits - 12);
  }

  /** `unit` frames, a power of two that divides `frames`, stay together in a scattered block. */
  place(frames: number, layout: FrameLayout, unit: number): FrameBlock {
    const block = layout === "contiguous" ? this.#inOneRun(frames) : this.#scattered(frames, unit);
    this.#cursor = block.firstFrame + block.span + 1;
    if (this.#cursor > this.#endFrame)
      throw new Error("the simulated machine has no physical addresses left");
    block.bytes = new Uint8Array(frames * 4096);
    this.#blocks.push(block);
    return block;
  }

  /** Marks a block as freed and forgets the oldest of the freed ones beyond the quarantine. */
  quarantine(block: FrameBlock): void {
    block.bytes = undefined;
    this.#freed.push(block);
    if (this.#freed.length <= QUARANTINE) return;
    const forgotten = new Set(this.#freed.splice(0, QUARANTINE / 2));
    this.#blocks = this.#blocks.filter((candidate) => !forgotten.has(candidate));
    this.#last = undefined;
  }

  /** The block whose address range holds the frame. */
  find(frame: number): FrameBlock | undefined {
    const last = this.#last;
    if (last !== undefined && frame >= last.firstFrame && frame < last.firstFrame + last.span)
      return last;
    const found = this.#blocks[this.#lastAtOrBelow(frame)];
    if (found === undefined || frame >= found.firstFrame + found.span) return undefined;
    this.#last = found;
    return found;
  }

  /** Blocks are pushed at rising addresses, so they are sorted. -1 when all lie above. */
  #lastAtOrBelow(frame: number): number {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#blocks[middle]?.firstFrame ?? 0) <= frame) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #inOneRun(frames: number): FrameBlock {
    const alignment = Math.min(2 ** Math.ceil(Math.log2(frames)), LARGEST_ALIGNMENT);
    const firstFrame = Math.ceil(this.#cursor / alignment) * alignment;
    const runs = [{ firstFrame, frames }];
    return {
      firstFrame,
      span: frames,
      runs,
      unitOfSlot: undefined,
      unit: frames,
      bytes: undefined,
    };
  }

  /** Every second unit of a range, in random order: no two units of it are neighbours. */
  #scattered(frames: number, unit: number): FrameBlock {
    const firstFrame = Math.ceil(this.#cursor / unit) * unit;
    const units = frames / unit;
    const unitOfSlot = this.#random.permutation(units);
    const runs: FrameRun[] = Array.from({ length: units });
    for (let slot = 0; slot < units; slot++)
      runs[unitOfSlot[slot] ?? 0] = { firstFrame: firstFrame + 2 * slot * unit, frames: unit };
    return { firstFrame, span: 2 * frames, runs, unitOfSlot, unit, bytes: undefined };
  }
}

/** Byte offset of a frame in its block's bytes, or -1 for a frame between scattered units. */
export function offsetInBlock(block: FrameBlock, frame: number): number {
  const distance = frame - block.firstFrame;
  if (block.unitOfSlot === undefined) return distance * 4096;
  const half = Math.floor(distance / block.unit);
  if (half % 2 !== 0) return -1;
  return ((block.unitOfSlot[half / 2] ?? 0) * block.unit + (distance % block.unit)) * 4096;
}
