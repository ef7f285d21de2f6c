// The windows in page frames, for the hot path: whether a range lies whole in one, without a BigInt.

import { PAGE_FRAME_SHIFT } from "../address/address.ts";
import type { DmaWindow } from "../contract/dma-window.ts";

/** A window's first frame, one past its last, and the frames of its granule. */
interface FrameWindow {
  readonly start: number;
  readonly end: number;
  readonly granule: number;
}

export class FrameWindows {
  readonly #windows: readonly FrameWindow[];

  constructor(windows: readonly DmaWindow[]) {
    this.#windows = windows.map(inFrames);
  }

  /** Whether the range lies whole in one window, and it and `host` are whole granules of it. */
  fit(start: number, frames: number, host: number): boolean {
    for (const window of this.#windows) {
      if (start < window.start || start + frames > window.end) continue;
      const { granule } = window;
      return granule === 1 || (start % granule) + (frames % granule) + (host % granule) === 0;
    }
    return false;
  }
}

/** Bytes that every part of a mapping in this window is a multiple of. */
export function granuleOf(window: DmaWindow): bigint {
  return window.subwindowSize ?? BigInt(window.pageSize);
}

/** A first or last byte inside a frame leaves that frame out: no mapping could have it. */
function inFrames(window: DmaWindow): FrameWindow {
  return {
    start: Number((window.start + 0xfffn) >> PAGE_FRAME_SHIFT),
    end: Number((window.last + 1n) >> PAGE_FRAME_SHIFT),
    granule: Number(granuleOf(window) >> PAGE_FRAME_SHIFT),
  };
}
