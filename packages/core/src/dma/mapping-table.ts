// The live mappings of one container, by page frame: the truth about what is mapped.
//
// Sorted leaves of at most 128 entries in typed arrays, and a max-gap tree over the leaves. With
// 100,000 entries such leaves measured half the time of a C++ std::map, one sorted array five times
// it (docs/decisions/0003), because an insert moves at most 128 doubles. Frames are doubles: exact to
// 2^52, which is all of 64 bits. It makes no system call and throws nothing: its callers decide.

import { GapTree, leafBefore, type Search } from "./gap-tree.ts";

const LEAF_CAPACITY = 128;
/** One past the last frame of the 64-bit space. */
export const FRAME_LIMIT: number = 2 ** 52;

export interface TableEntry {
  readonly start: number;
  readonly end: number;
  readonly host: number;
  readonly tag: number;
}

export class Leaf {
  count = 0;
  /** First frame, and one past the last. */
  readonly starts: Float64Array = new Float64Array(LEAF_CAPACITY);
  readonly ends: Float64Array = new Float64Array(LEAF_CAPACITY);
  readonly hosts: Float64Array = new Float64Array(LEAF_CAPACITY);
  readonly tags: Uint8Array = new Uint8Array(LEAF_CAPACITY);

  get first(): number {
    return this.starts[0] ?? FRAME_LIMIT;
  }
  get lastEnd(): number {
    return this.ends[this.count - 1] ?? 0;
  }

  /** The number of entries that begin at or before `frame`. */
  rank(frame: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.starts[middle] ?? 0) <= frame) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  insertAt(index: number, start: number, end: number, host: number, tag: number): void {
    this.move(index, index + 1, this.count);
    this.starts[index] = start;
    this.ends[index] = end;
    this.hosts[index] = host;
    this.tags[index] = tag;
    this.count++;
  }

  removeAt(index: number, entries: number): void {
    this.move(index + entries, index, this.count);
    this.count -= entries;
  }

  /** Moves the upper half into a new leaf. */
  split(): Leaf {
    const upper = new Leaf();
    const half = this.count >>> 1;
    upper.starts.set(this.starts.subarray(half, this.count));
    upper.ends.set(this.ends.subarray(half, this.count));
    upper.hosts.set(this.hosts.subarray(half, this.count));
    upper.tags.set(this.tags.subarray(half, this.count));
    upper.count = this.count - half;
    this.count = half;
    return upper;
  }

  private move(from: number, to: number, end: number): void {
    // Often there is nothing behind: four calls for nothing cost more than the search.
    if (from >= end) return;
    this.starts.copyWithin(to, from, end);
    this.ends.copyWithin(to, from, end);
    this.hosts.copyWithin(to, from, end);
    this.tags.copyWithin(to, from, end);
  }
}

export class MappingTable {
  #count = 0;
  #leaves: Leaf[] = [new Leaf()];
  readonly #gaps = new GapTree();
  /**
   * Where the last search ended: kept until the table changes, because a check precedes a change.
   * Among 65,535 mappings an insert took 959 ns and a removal 843, and take 314 now (bench ledger).
   */
  #sought = -1;
  #soughtLeaf = 0;
  #soughtRank = 0;

  get count(): number {
    return this.#count;
  }

  /** Inserts an entry. The caller has checked with `overlaps` that the range is free. */
  insert(start: number, end: number, host: number, tag: number): void {
    let leaf = this.#seek(start);
    if (leaf.count === LEAF_CAPACITY) {
      this.#leaves.splice(this.#soughtLeaf + 1, 0, leaf.split());
      this.#gaps.resize();
      this.#sought = -1;
      leaf = this.#seek(start);
    }
    leaf.insertAt(this.#soughtRank, start, end, host, tag);
    this.#count++;
    this.#gaps.touch(this.#soughtLeaf);
    this.#sought = -1;
  }

  /** Whether any entry meets `[start, end)`. */
  overlaps(start: number, end: number): boolean {
    const leaf = this.#seek(start);
    const rank = this.#soughtRank;
    if (rank > 0 && (leaf.ends[rank - 1] ?? 0) > start) return true;
    if (rank < leaf.count) return (leaf.starts[rank] ?? FRAME_LIMIT) < end;
    const next = this.#leaves[this.#soughtLeaf + 1];
    return next !== undefined && next.first < end;
  }

  /** The tag of the entry that is exactly `[start, end)`, or -1. */
  tagOf(start: number, end: number): number {
    const leaf = this.#seek(start);
    const at = this.#soughtRank - 1;
    if (at < 0 || leaf.starts[at] !== start || leaf.ends[at] !== end) return -1;
    return leaf.tags[at] ?? -1;
  }

  /** The entry that covers a frame. */
  find(frame: number): TableEntry | undefined {
    const leaf = this.#leaf(leafBefore(this.#leaves, frame));
    const index = leaf.rank(frame) - 1;
    if (index < 0 || (leaf.ends[index] ?? 0) <= frame) return undefined;
    return entryAt(leaf, index);
  }

  /** The entries that meet `[start, end)`, in order. */
  *range(start: number, end: number): Generator<TableEntry> {
    for (let l = leafBefore(this.#leaves, start); l < this.#leaves.length; l++) {
      const leaf = this.#leaf(l);
      const from = Math.max(0, leaf.rank(start) - 1);
      for (let i = from; i < leaf.count; i++) {
        if ((leaf.starts[i] ?? 0) >= end) return;
        if ((leaf.ends[i] ?? 0) > start) yield entryAt(leaf, i);
      }
    }
  }

  /** The host frame of the entry that begins at `start`, or -1. */
  hostOf(start: number): number {
    const leaf = this.#seek(start);
    const at = this.#soughtRank - 1;
    return at >= 0 && leaf.starts[at] === start ? (leaf.hosts[at] ?? -1) : -1;
  }

  /** Removes the entry that begins at `start` and answers whether there was one. */
  remove(start: number): boolean {
    const leaf = this.#seek(start);
    const at = this.#soughtRank - 1;
    if (at < 0 || leaf.starts[at] !== start) return false;
    leaf.removeAt(at, 1);
    this.#count--;
    if (leaf.count === 0 && this.#leaves.length > 1) {
      this.#leaves.splice(this.#soughtLeaf, 1);
      this.#gaps.resize();
    } else this.#gaps.touch(this.#soughtLeaf);
    this.#sought = -1;
    return true;
  }

  /** Replaces the tag of the entry that begins at `start`. */
  setTag(start: number, tag: number): void {
    const leaf = this.#leaf(leafBefore(this.#leaves, start));
    const at = leaf.rank(start) - 1;
    if (at >= 0 && leaf.starts[at] === start) leaf.tags[at] = tag;
  }

  clear(): void {
    this.#leaves = [new Leaf()];
    this.#sought = -1;
    this.#count = 0;
    this.#gaps.resize();
  }

  /** The start of the lowest free range, or -1. See gap-tree.ts for the bound on its steps. */
  findFree(search: Search): number {
    return this.#gaps.findFree(this.#leaves, search);
  }

  /** The leaf in which `start` has its place; the place itself is in #soughtLeaf and #soughtRank. */
  #seek(start: number): Leaf {
    if (this.#sought !== start) {
      this.#sought = start;
      this.#soughtLeaf = leafBefore(this.#leaves, start);
      this.#soughtRank = this.#leaf(this.#soughtLeaf).rank(start);
    }
    return this.#leaf(this.#soughtLeaf);
  }

  #leaf(index: number): Leaf {
    // The list is never empty and every caller's index is inside it; the fallback satisfies the type.
    return this.#leaves[index] ?? new Leaf();
  }
}

function entryAt(leaf: Leaf, index: number): TableEntry {
  return {
    start: leaf.starts[index] ?? 0,
    end: leaf.ends[index] ?? 0,
    host: leaf.hosts[index] ?? 0,
    tag: leaf.tags[index] ?? 0,
  };
}
