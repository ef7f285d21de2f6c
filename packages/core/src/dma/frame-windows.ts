// The windows in page frames, for the hot path: whether a range lies whole in one, without a BigInt.

import { PAGE_FRAME_SHIFT } from "../address/address.ts";
import type { DmaWindow } from "../contract/dma-window.ts";

/** A window's first frame, one past its last, and the frames of its granule. */
interface FrameWindow {
  readonly start: number;
  readonly end: number;
  readonly granule: number;
}

/** No frame lies in it. */
const NO_WINDOW: FrameWindow = { start: 1, end: 0, granule: 1 };

export class FrameWindows {
  readonly #windows: readonly FrameWindow[];
  /** The window that the last range lay in: nearly always the next one's too. */
  #last: FrameWindow = NO_WINDOW;

  constructor(windows: readonly DmaWindow[]) {
    this.#windows = windows.map(inFrames);
  }

  /** Whether the range lies whole in one window, and it and `host` are whole granules of it. */
  fit(start: number, frames: number, host: number): boolean {
    const last = this.#last;
    if (start < last.start || start + frames > last.end)
      return this.#find(start, frames) && this.fit(start, frames, host);
    const { granule } = last;
    return granule === 1 || (start % granule) + (frames % granule) + (host % granule) === 0;
  }

  #find(start: number, frames: number): boolean {
    const found = this.#windows.find(
      (window) => start >= window.start && start + frames <= window.end,
    );
    if (found === undefined) return false;
    this.#last = found;
    return true;
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
