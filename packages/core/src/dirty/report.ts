// A dirty bitmap under construction: only bits of mapped pages get in.
//
// 6.12 leaves bits of an earlier call above a mapping's last page in its own words, shifts them into the
// next answer, and never clears them (semantics of VFIO_IOMMU_DIRTY_PAGES). What it writes outside
// mappings is therefore dropped.

import { type ByteSize, frameCount, type Iova, pageFrame } from "../address/address.ts";
import type { DirtyBitmap, IovaExtent } from "../contract/dirty.ts";
import type { TableEntry } from "../dma/mapping-table.ts";
import { bitmapBytes, orBits, setBits } from "./bits.ts";
import { type FrameRange, toExtent } from "./frame-ranges.ts";

export class DirtyReport {
  readonly #range: IovaExtent;
  readonly #pageSize: number;
  readonly #entries: readonly TableEntry[];
  readonly #bits: Uint8Array;

  /** `entries` lie in the range, by IOVA; its pages are at most 2^33. */
  constructor(range: IovaExtent, pageSize: number, entries: readonly TableEntry[]) {
    this.#range = range;
    this.#pageSize = pageSize;
    this.#entries = entries;
    this.#bits = new Uint8Array(bitmapBytes(this.#pages(frameCount(range.size))));
  }

  /** Takes over what the kernel wrote about some of the mappings; its bit 0 is the page at `start`. */
  add(start: number, entries: readonly TableEntry[], raw: Uint8Array): void {
    for (const entry of entries) {
      const first = this.#pages(entry.start - this.#first());
      const count = this.#pages(entry.end - entry.start);
      orBits(this.#bits, first, count, { bits: raw, first: this.#pages(entry.start - start) });
    }
  }

  /** The bitmap, with the mapped pages of the lost ranges set. */
  finish(lost: readonly FrameRange[]): DirtyBitmap {
    for (const range of lost) this.#setMapped(range);
    return Object.freeze({
      iova: this.#range.iova,
      size: this.#range.size,
      pageSize: this.#pageSize,
      bits: this.#bits,
      unknown: lost.map(toExtent),
    });
  }

  #setMapped({ start, end }: FrameRange): void {
    for (const entry of this.#entries) {
      const from = Math.max(start, entry.start);
      const count = Math.min(end, entry.end) - from;
      if (count > 0) setBits(this.#bits, this.#pages(from - this.#first()), this.#pages(count));
    }
  }

  #first(): number {
    return pageFrame(this.#range.iova);
  }

  #pages(frames: number): number {
    return (frames * 4096) / this.#pageSize;
  }
}

/** Where a range lies, in frames. */
export function framesOf({
  iova,
  size,
}: {
  readonly iova: Iova;
  readonly size: ByteSize;
}): FrameRange {
  const start = pageFrame(iova);
  return { start, end: start + frameCount(size) };
}
