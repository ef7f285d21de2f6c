// What a container's processes mapped: ranges of IOVA with the memory they came from.
//
// The list says nothing of windows: it is what the driver believes, not what the tables hold.

import type { Process } from "../../process.ts";

/** One range, in bytes; a list keeps them ascending and disjoint. */
export interface DmaEntry {
  readonly iova: bigint;
  readonly size: bigint;
  readonly vaddr: bigint;
  readonly access: DmaAccess;
  readonly process: Process;
}

export interface DmaAccess {
  readonly read: boolean;
  readonly write: boolean;
}

export class DmaList {
  readonly #entries: DmaEntry[] = [];

  get all(): readonly DmaEntry[] {
    return this.#entries;
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** The entries that share a byte with a range, ascending. */
  overlapping(iova: bigint, size: bigint): readonly DmaEntry[] {
    return this.#entries.filter((entry) => entry.iova < iova + size && iova < endOf(entry));
  }

  insert(entry: DmaEntry): void {
    this.#entries.push(entry);
    this.#entries.sort((a, b) => (a.iova < b.iova ? -1 : 1));
  }

  /** The same; a neighbour of the same access whose memory goes on becomes one with it. */
  insertMerged(entry: DmaEntry): void {
    const before = this.#entries.find((each) => continues(each, entry));
    const after = this.#entries.find((each) => continues(entry, each));
    for (const neighbour of [before, after]) if (neighbour !== undefined) this.#remove(neighbour);
    const first = before ?? entry;
    const last = after ?? entry;
    this.insert({ ...first, size: endOf(last) - first.iova });
  }

  /** Cuts a range out of the list: what lay in it, entry by entry. */
  cut(iova: bigint, size: bigint): readonly DmaEntry[] {
    return this.overlapping(iova, size).map((entry) => {
      const met = intersection(entry, { iova, size });
      const [start, end] = [met.iova, endOf(met)];
      this.#remove(entry);
      if (start > entry.iova) this.insert(part(entry, entry.iova, start));
      if (end < endOf(entry)) this.insert(part(entry, end, endOf(entry)));
      return part(entry, start, end);
    });
  }

  #remove(entry: DmaEntry): void {
    this.#entries.splice(this.#entries.indexOf(entry), 1);
  }
}

type Range = Pick<DmaEntry, "iova" | "size">;

/** What two ranges that overlap have in common. */
export function intersection(a: Range, b: Range): Range {
  const later = a.iova > b.iova ? a : b;
  const shorter = endOf(a) > endOf(b) ? b : a;
  return { iova: later.iova, size: endOf(shorter) - later.iova };
}

function endOf({ iova, size }: Range): bigint {
  return iova + size;
}

function part(entry: DmaEntry, start: bigint, end: bigint): DmaEntry {
  return { ...entry, iova: start, size: end - start, vaddr: entry.vaddr + (start - entry.iova) };
}

function continues(first: DmaEntry, second: DmaEntry): boolean {
  return (
    endOf(first) === second.iova &&
    first.vaddr + first.size === second.vaddr &&
    first.access.read === second.access.read &&
    first.access.write === second.access.write &&
    first.process === second.process
  );
}
