// Which allocations and registrations exist, and how many mappings stand on each.
//
// Memory that a device still reaches must not go back to its owner (invariant I8), so closing an
// allocation asks here first. Ranges that the library did not allocate belong to the caller; a use of
// one is remembered all the same, because an allocation may come into being under it. Frames are 4 KiB
// page frames of the process's address space.

import { SharedRanges } from "./shared-ranges.ts";

export interface MemoryArea {
  readonly start: number;
  readonly end: number;
  /** Bytes of the pages that back it, where that is known. */
  readonly pageSize: number | undefined;
  /** Mappings and registrations that stand on it. */
  uses: number;
}

/** Disjoint areas in order; few (one per buffer), so one sorted array is enough. */
export class MemoryTable {
  /** What containers have registered of the same process's memory. */
  readonly registered: SharedRanges = new SharedRanges();
  readonly #areas: MemoryArea[] = [];
  /**
   * The area counted last. Areas are disjoint, so a range inside it meets no other; that is most uses,
   * and 14 % of the library's share of a map and unmap (196 to 168 ns) were for the search.
   */
  #last: MemoryArea | undefined;
  /** Uses that reached beyond every area when they began: their ends, by start. */
  readonly #outside = new Map<number, number[]>();

  get size(): number {
    return this.#areas.length;
  }

  /** Adds an area and answers it, or undefined when it meets another. */
  add(start: number, end: number, pageSize?: number): MemoryArea | undefined {
    const at = this.#indexAfter(start);
    const before = this.#areas[at - 1];
    const after = this.#areas[at];
    if ((before !== undefined && before.end > start) || (after !== undefined && after.start < end))
      return undefined;
    const area = { start, end, pageSize, uses: this.#outsideUses(start, end) };
    this.#areas.splice(at, 0, area);
    return area;
  }

  remove(area: MemoryArea): void {
    const at = this.#areas.indexOf(area);
    if (at >= 0) this.#areas.splice(at, 1);
    this.#last = undefined;
  }

  /** Counts one more (or one less) use on every area that meets `[start, end)`. */
  use(start: number, end: number, change: 1 | -1): void {
    const last = this.#last;
    if (last !== undefined && last.start <= start && end <= last.end && this.#outside.size === 0) {
      last.uses += change;
    } else this.#count(start, end, change);
  }

  #count(start: number, end: number, change: 1 | -1): void {
    let reached = start;
    for (let i = Math.max(0, this.#indexAfter(start) - 1); i < this.#areas.length; i++) {
      const area = this.#areas[i];
      if (area === undefined || area.start >= end) break;
      if (area.end <= start) continue;
      area.uses += change;
      this.#last = area;
      if (area.start <= reached) reached = area.end;
    }
    if (change < 0) this.#forgetOutside(start, end);
    else if (reached < end) this.#noteOutside(start, end);
  }

  /** Whether `[start, end)` lies inside areas that touch each other without a hole. */
  covers(start: number, end: number): boolean {
    let reached = start;
    for (let i = Math.max(0, this.#indexAfter(start) - 1); i < this.#areas.length; i++) {
      const area = this.#areas[i];
      if (area === undefined || area.start > reached) break;
      if (area.end > reached) reached = area.end;
      if (reached >= end) return true;
    }
    return reached >= end;
  }

  /** The smallest page that backs `[start, end)`, or undefined when that is not known of all of it. */
  pageSizeOf(start: number, end: number): number | undefined {
    if (!this.covers(start, end)) return undefined;
    const sizes = this.#areas
      .filter((area) => area.start < end && start < area.end)
      .map((area) => area.pageSize);
    return sizes.reduce((least, size) =>
      least === undefined || size === undefined ? undefined : Math.min(least, size),
    );
  }

  #noteOutside(start: number, end: number): void {
    const ends = this.#outside.get(start);
    if (ends === undefined) this.#outside.set(start, [end]);
    else ends.push(end);
  }

  #forgetOutside(start: number, end: number): void {
    const ends = this.#outside.get(start);
    const at = ends?.indexOf(end) ?? -1;
    if (ends === undefined || at < 0) return;
    ends.splice(at, 1);
    if (ends.length === 0) this.#outside.delete(start);
  }

  #outsideUses(start: number, end: number): number {
    let uses = 0;
    for (const [from, ends] of this.#outside)
      if (from < end) uses += ends.filter((to) => to > start).length;
    return uses;
  }

  /** The index of the first area that begins after `frame`. */
  #indexAfter(frame: number): number {
    let low = 0;
    let high = this.#areas.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#areas[middle]?.start ?? Number.POSITIVE_INFINITY) <= frame) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
