// A set of page frames as sorted, disjoint ranges: where the dirty state was lost.
//
// Its size is bounded: past the limit it becomes the one range that spans all. More is reported as
// written then than was, which costs copies and never a page.

import { framesToSize, frameToIova } from "../address/address.ts";
import type { IovaExtent } from "../contract/dirty.ts";

/** Frames `[start, end)`. */
export interface FrameRange {
  readonly start: number;
  readonly end: number;
}

const RANGE_LIMIT = 65_536;

export class FrameRanges {
  #ranges: FrameRange[] = [];
  readonly #limit: number;

  constructor(limit: number = RANGE_LIMIT) {
    this.#limit = limit;
  }

  get all(): readonly FrameRange[] {
    return this.#ranges;
  }

  add(start: number, end: number): void {
    if (start >= end) return;
    const from = this.#firstEndingAt(start);
    let to = from;
    let merged: FrameRange = { start, end };
    for (let next = this.#ranges[to]; next !== undefined && next.start <= end; ) {
      merged = { start: Math.min(merged.start, next.start), end: Math.max(merged.end, next.end) };
      to++;
      next = this.#ranges[to];
    }
    this.#ranges.splice(from, to - from, merged);
    if (this.#ranges.length > this.#limit) this.#collapse();
  }

  /** What of the set lies in `[start, end)`. */
  within(start: number, end: number): readonly FrameRange[] {
    const found: FrameRange[] = [];
    for (let i = this.#firstEndingAt(start); i < this.#ranges.length; i++) {
      const range = this.#ranges[i];
      if (range === undefined || range.start >= end) break;
      const part = { start: Math.max(start, range.start), end: Math.min(end, range.end) };
      if (part.start < part.end) found.push(part);
    }
    return found;
  }

  /** Takes `[start, end)` out of the set. */
  remove(start: number, end: number): void {
    if (start >= end) return;
    const from = this.#firstEndingAt(start);
    const rest: FrameRange[] = [];
    let to = from;
    for (let next = this.#ranges[to]; next !== undefined && next.start < end; ) {
      if (next.start < start) rest.push({ start: next.start, end: Math.min(next.end, start) });
      if (next.end > end) rest.push({ start: Math.max(next.start, end), end: next.end });
      to++;
      next = this.#ranges[to];
    }
    this.#ranges.splice(from, to - from, ...rest);
  }

  /** A set of its own with the same ranges. */
  copy(): FrameRanges {
    const copy = new FrameRanges(this.#limit);
    copy.#ranges = [...this.#ranges];
    return copy;
  }

  clear(): void {
    this.#ranges = [];
  }

  #collapse(): void {
    const [first] = this.#ranges;
    const last = this.#ranges.at(-1);
    if (first !== undefined && last !== undefined)
      this.#ranges = [{ start: first.start, end: last.end }];
  }

  /** The index of the first range that ends at or after `frame`. */
  #firstEndingAt(frame: number): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ranges[middle]?.end ?? 0) < frame) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export function toExtent({ start, end }: FrameRange): IovaExtent {
  return { iova: frameToIova(start), size: framesToSize(end - start) };
}
