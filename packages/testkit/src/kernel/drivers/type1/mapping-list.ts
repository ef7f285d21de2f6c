// The mappings of one container, ordered by iova and disjoint.
//
// A sorted array: look-ups are binary, and the default limit of 65,535 entries keeps an insertion
// in the middle cheap. Nothing wraps by itself: 2^64 bytes are 2^52 frames, which a double holds.

import type { PinnedRun } from "../../backing.ts";
import type { DomainAccess } from "../../iommu/domain.ts";
import type { Process } from "../../process.ts";

/** 2^64 bytes. */
const END_FRAME = 2 ** 52;

/** One checked request of MAP, in frames. */
export interface MapRequest {
  readonly iova: number;
  readonly vaddrPage: number;
  readonly frames: number;
}

export interface Mapping {
  /** First frame and number of frames of the bus address range. */
  readonly iova: number;
  readonly frames: number;
  readonly access: DomainAccess;
  /** What is pinned, in order; the runs add up to `frames`, or are none without a domain. */
  runs: readonly PinnedRun[];
  /** The process's page; changes with VADDR, and is not looked at again otherwise. */
  vaddrPage: number;
  /** Whose locked memory the mapping counts against. */
  process: Process;
  lockedPages: number;
  vaddrInvalid: boolean;
  /** Dirty words while tracking is on: one bit for a page, and a word more than that needs. */
  words: BigUint64Array | null;
}

export class MappingList {
  readonly #mappings: Mapping[] = [];

  get all(): readonly Mapping[] {
    return this.#mappings;
  }

  /** Index of the first mapping that ends after a frame. */
  firstEndingAfter(frame: number): number {
    let low = 0;
    let high = this.#mappings.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const mapping = this.#mappings[middle];
      if (mapping !== undefined && mapping.iova + mapping.frames <= frame) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * The lowest mapping that shares a frame with the range. A range that ends at 2^64 meets none: the
   * kernel's search adds start and size in 64 bits and gets 0 (type1.md 2.10).
   */
  overlapping(first: number, frames: number): Mapping | undefined {
    if (first + frames >= END_FRAME) return undefined;
    const mapping = this.#mappings[this.firstEndingAfter(first)];
    return mapping !== undefined && mapping.iova < first + frames ? mapping : undefined;
  }

  at(index: number): Mapping | undefined {
    return this.#mappings[index];
  }

  insert(mapping: Mapping): void {
    const index = this.firstEndingAfter(mapping.iova);
    if (index === this.#mappings.length) this.#mappings.push(mapping);
    else this.#mappings.splice(index, 0, mapping);
  }

  removeRange(index: number, count: number): void {
    if (count === 1 && index === this.#mappings.length - 1) this.#mappings.pop();
    else if (count > 0) this.#mappings.splice(index, count);
  }
}
