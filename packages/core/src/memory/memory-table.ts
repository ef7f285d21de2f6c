// Which allocations and registrations exist, and how many mappings stand on each.
//
// Memory that a device still reaches must not go back to its owner (invariant I8), so closing an
// allocation asks here first. Ranges that the library did not allocate are not counted: their owner
// is the caller. Frames are 4 KiB page frames of the process's address space.

export interface MemoryArea {
  readonly start: number;
  readonly end: number;
  /** Mappings and registrations that stand on it. */
  uses: number;
}

/** Disjoint areas in order; few (one per buffer), so one sorted array is enough. */
export class MemoryTable {
  readonly #areas: MemoryArea[] = [];

  get size(): number {
    return this.#areas.length;
  }

  /** Adds an area and answers it, or undefined when it meets another. */
  add(start: number, end: number): MemoryArea | undefined {
    const at = this.#indexAfter(start);
    const before = this.#areas[at - 1];
    const after = this.#areas[at];
    if ((before !== undefined && before.end > start) || (after !== undefined && after.start < end))
      return undefined;
    const area = { start, end, uses: 0 };
    this.#areas.splice(at, 0, area);
    return area;
  }

  remove(area: MemoryArea): void {
    const at = this.#areas.indexOf(area);
    if (at >= 0) this.#areas.splice(at, 1);
  }

  /** Counts one more (or one less) use on every area that meets `[start, end)`. */
  use(start: number, end: number, change: 1 | -1): void {
    for (let i = Math.max(0, this.#indexAfter(start) - 1); i < this.#areas.length; i++) {
      const area = this.#areas[i];
      if (area === undefined || area.start >= end) return;
      if (area.end > start) area.uses += change;
    }
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
