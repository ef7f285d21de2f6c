// Which ranges the containers of one process have registered, and how many of them each.
//
// POWER's kernel keeps registered regions for the whole address space: containers that register the same
// range share one region, and ranges that overlap in any other way are refused. The rule holds everywhere
// (ME5), so that a program with two containers does not fail only on POWER.

interface Shared {
  readonly start: number;
  readonly end: number;
  owners: number;
}

/** Frames of 4 KiB, ends excluded. Few: one for each buffer. */
export class SharedRanges {
  readonly #ranges: Shared[] = [];

  /** Counts one more owner; false, and nothing changes, when the range overlaps a different one. */
  take(start: number, end: number): boolean {
    const met = this.#ranges.find((range) => range.start < end && start < range.end);
    if (met === undefined) this.#ranges.push({ start, end, owners: 1 });
    else if (met.start !== start || met.end !== end) return false;
    else met.owners++;
    return true;
  }

  /** Counts one owner less of a range that was taken. */
  give(start: number, end: number): void {
    const at = this.#ranges.findIndex((range) => range.start === start && range.end === end);
    const range = this.#ranges[at];
    if (range === undefined) return;
    range.owners--;
    if (range.owners === 0) this.#ranges.splice(at, 1);
  }
}
