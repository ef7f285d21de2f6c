// Which pages devices wrote: for whoever copies a running guest's memory elsewhere.
//
// Rule DT1: no dirty page is lost. A write while tracking is on is in a bitmap that was handed out after
// it, or in a range reported as unknown, before tracking of its range ends (invariant I31). Where the
// library cannot know, pages count as written.

import type { ByteSize, Iova } from "../address/address.ts";

/** A range of IOVAs; page-aligned, in bytes. */
export interface IovaExtent {
  readonly iova: Iova;
  readonly size: ByteSize;
}

/** Which pages of a range were written since they were last reported. The caller's to keep. */
export interface DirtyBitmap extends IovaExtent {
  /** Bytes of the page that one bit stands for. A power of two. */
  readonly pageSize: number;
  /**
   * Bit `i & 7` of byte `i >> 3` is the page at `iova + i * pageSize`, whatever the kernel's byte
   * order. `8 * ceil(pages / 64)` bytes; bits past the end and over unmapped pages are 0.
   */
  readonly bits: Uint8Array;
  /**
   * Ranges whose state was lost: an earlier query failed there, or a mapping was removed without its
   * bits. Pages of them that are mapped now are set in `bits`; take the others as written too.
   */
  readonly unknown: readonly IovaExtent[];
}

/** What `DirtyTracking.stop` still had to report. */
export interface FinalDirty {
  /** One bitmap for each run of mappings, by IOVA. */
  readonly bitmaps: readonly DirtyBitmap[];
  /** Every range whose state was lost and not yet reported, mapped or not. */
  readonly unknown: readonly IovaExtent[];
}

/** The log of pages that devices wrote. Every method: `not-offered` without `dirty-tracking`. */
export interface DirtyTracking {
  readonly active: boolean;
  /**
   * Switches tracking on for all mappings of the container, those made later included.
   *
   * Valid errors: `DIRTY_ERRORS`; `wrong-state` when it is on; nothing is tracked then that was not before.
   */
  start(): void;
  /**
   * The pages of `[iova, iova + size)` written since they were last reported; they count as clean
   * afterwards. `iova` and `size` are multiples of the window's page size, the range lies in one window,
   * holds at most 2^33 pages, and cuts no mapping; it may hold none.
   *
   * Valid errors: `DIRTY_ERRORS`. When the kernel refused, the next query that covers a page of the
   * range reports it as written; `facts` has the range as `unknownIova` and `unknownSize`.
   */
  query(iova: Iova, size: ByteSize): DirtyBitmap;
  /**
   * `DmaPath.unmap` that hands out what the devices wrote up to the moment they lost the range.
   *
   * Valid errors: `DIRTY_ERRORS`, `not-mapped`. When the kernel refused, `facts` has the bytes `removed`
   * and `stillMapped`, and the whole range is unknown as after a failed query.
   */
  unmapWithDirty(iova: Iova, size: ByteSize): DirtyBitmap;
  /**
   * Reads all that was not reported and switches tracking off. A range that cannot be read is reported
   * as written. Keep the devices quiet first: a write between the last read and the end is not seen.
   *
   * Valid errors: `DIRTY_ERRORS`; tracking is on then, and the next query reports every page.
   */
  stop(): FinalDirty;
}

/** Page-aligned memory of the library's that the kernel fills; zeroed before each call. */
export interface BitmapTarget {
  readonly address: bigint;
  /** Bytes, a multiple of 8. */
  readonly length: number;
}

/** What a backend with `dirty-tracking` gives the engine. Ranges never cut a mapping. */
export interface DirtySession {
  /** Bytes of the page that one bit stands for; the smallest that the kernel tracks (I33). */
  readonly pageSize: number;
  /** Bytes of the largest bitmap that one call takes, a multiple of 8. */
  readonly maxBitmapBytes: number;
  start(): void;
  stop(): void;
  /** The kernel's own words, host byte order; what it writes outside mappings is ignored. */
  query(iova: Iova, size: ByteSize, into: BitmapTarget): void;
  /** Removes mappings of `expected` bytes and reports them. */
  unmap(iova: Iova, size: ByteSize, expected: ByteSize, into: BitmapTarget): void;
}
