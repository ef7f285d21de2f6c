// The live mappings of one container, by page frame: the truth about what is mapped.
//
// Sorted leaves of at most 128 entries in typed arrays, and a max-gap tree over the leaves. With
// 100,000 entries such leaves measured half the time of a C++ std::map, one sorted array five times
// it (docs/decisions/0003), because an insert moves at most 128 doubles. Frames are doubles: exact to
// 2^52, which is all of 64 bits. It makes no system call and throws nothing: its callers decide.

import { GapTree, leafBefore, type Search } from "./gap-tree.ts";

const LEAF_CAPACITY = 128;
/** Numbers of one entry in a leaf's array: one array costs fewer checks than three. */
const STRIDE = 3;
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
  /** Of each entry the first frame, one past the last, and the first frame of the host. */
  readonly #frames: Float64Array = new Float64Array(STRIDE * LEAF_CAPACITY);
  readonly #tags: Uint8Array = new Uint8Array(LEAF_CAPACITY);

  get first(): number {
    return this.startOf(0);
  }
  get lastEnd(): number {
    return this.count === 0 ? 0 : this.endOf(this.count - 1);
  }
  startOf(index: number): number {
    return this.#frames[STRIDE * index] ?? 0;
  }
  endOf(index: number): number {
    return this.#frames[STRIDE * index + 1] ?? 0;
  }
  hostOf(index: number): number {
    return this.#frames[STRIDE * index + 2] ?? 0;
  }
  tagOf(index: number): number {
    return this.#tags[index] ?? 0;
  }
  setTag(index: number, tag: number): void {
    this.#tags[index] = tag;
  }

  /** The number of entries that begin at or before `frame`. */
  rank(frame: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.startOf(middle) <= frame) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  insertAt(index: number, start: number, end: number, host: number, tag: number): void {
    this.#move(index, index + 1, this.count);
    const at = STRIDE * index;
    this.#frames[at] = start;
    this.#frames[at + 1] = end;
    this.#frames[at + 2] = host;
    this.#tags[index] = tag;
    this.count++;
  }

  removeAt(index: number, entries: number): void {
    this.#move(index + entries, index, this.count);
    this.count -= entries;
  }

  /** Moves the upper half into a new leaf. */
  split(): Leaf {
    const upper = new Leaf();
    const half = this.count >>> 1;
    upper.#frames.set(this.#frames.subarray(STRIDE * half, STRIDE * this.count));
    upper.#tags.set(this.#tags.subarray(half, this.count));
    upper.count = this.count - half;
    this.count = half;
    return upper;
  }

  #move(from: number, to: number, end: number): void {
    // Often there is nothing behind: four calls for nothing cost more than the search.
    if (from < end) this.#moveAll(from, to, end);
  }

  #moveAll(from: number, to: number, end: number): void {
    this.#frames.copyWithin(STRIDE * to, STRIDE * from, STRIDE * end);
    this.#tags.copyWithin(to, from, end);
  }
}

export class MappingTable {
  #count = 0;
  #leaves: Leaf[] = [new Leaf()];
  readonly #gaps = new GapTree();
  /**
   * Where the last search ended, brought up to date by the change that follows it: a check precedes
   * every change, and what is mapped is often unmapped next. Among 65,535 mappings an insert took
   * 959 ns and a removal 843 when each searched twice, and took 314 with one search (bench ledger).
   */
  #sought = -1;
  #soughtLeaf = 0;
  #soughtRank = 0;
  #place: Leaf = this.#leaves[0] ?? new Leaf();

  get count(): number {
    return this.#count;
  }

  /** Inserts an entry. The caller has checked with `overlaps` that the range is free. */
  insert(start: number, end: number, host: number, tag: number): void {
    let leaf = this.#seek(start);
    if (leaf.count === LEAF_CAPACITY) leaf = this.#split(start, leaf);
    leaf.insertAt(this.#soughtRank, start, end, host, tag);
    this.#count++;
    this.#gaps.touch(this.#soughtLeaf);
    this.#soughtRank++;
  }

  /** Splits a full leaf and answers the half in which `start` has its place. */
  #split(start: number, full: Leaf): Leaf {
    this.#leaves.splice(this.#soughtLeaf + 1, 0, full.split());
    this.#gaps.resize();
    return this.#search(start);
  }

  /** Whether any entry meets `[start, end)`. */
  overlaps(start: number, end: number): boolean {
    const leaf = this.#seek(start);
    const rank = this.#soughtRank;
    if (rank > 0 && leaf.endOf(rank - 1) > start) return true;
    if (rank < leaf.count) return leaf.startOf(rank) < end;
    const next = this.#leaves[this.#soughtLeaf + 1];
    return next !== undefined && next.first < end;
  }

  /** The tag of the entry that is exactly `[start, end)`, or -1. */
  tagOf(start: number, end: number): number {
    const leaf = this.#seek(start);
    const at = this.#soughtRank - 1;
    if (at < 0 || leaf.startOf(at) !== start || leaf.endOf(at) !== end) return -1;
    return leaf.tagOf(at);
  }

  /** The entry that covers a frame. */
  find(frame: number): TableEntry | undefined {
    const leaf = this.#leaf(leafBefore(this.#leaves, frame));
    const index = leaf.rank(frame) - 1;
    if (index < 0 || leaf.endOf(index) <= frame) return undefined;
    return entryAt(leaf, index);
  }

  /** The entries that meet `[start, end)`, in order. */
  *range(start: number, end: number): Generator<TableEntry> {
    for (let l = leafBefore(this.#leaves, start); l < this.#leaves.length; l++) {
      const leaf = this.#leaf(l);
      const from = Math.max(0, leaf.rank(start) - 1);
      for (let i = from; i < leaf.count; i++) {
        if (leaf.startOf(i) >= end) return;
        if (leaf.endOf(i) > start) yield entryAt(leaf, i);
      }
    }
  }

  /** Removes the entry that begins at `start` and answers its host frame, or -1 when there is none. */
  take(start: number): number {
    const leaf = this.#seek(start);
    const at = this.#soughtRank - 1;
    if (at < 0 || leaf.startOf(at) !== start) return -1;
    const host = leaf.hostOf(at);
    leaf.removeAt(at, 1);
    this.#count--;
    this.#gaps.touch(this.#soughtLeaf);
    if (at > 0) this.#soughtRank = at;
    else this.#lostFirst(leaf);
    return host;
  }

  /** The sought leaf lost its first entry: what began there now has its place in the leaf before. */
  #lostFirst(leaf: Leaf): void {
    this.#soughtRank = 0;
    if (this.#soughtLeaf > 0) this.#sought = -1;
    if (leaf.count > 0 || this.#leaves.length === 1) return;
    this.#leaves.splice(this.#soughtLeaf, 1);
    this.#sought = -1;
    this.#gaps.resize();
  }

  /** Replaces the tag of the entry that begins at `start`. */
  setTag(start: number, tag: number): void {
    const leaf = this.#leaf(leafBefore(this.#leaves, start));
    const at = leaf.rank(start) - 1;
    if (at >= 0 && leaf.startOf(at) === start) leaf.setTag(at, tag);
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
    return this.#sought === start ? this.#place : this.#search(start);
  }

  #search(start: number): Leaf {
    const index = leafBefore(this.#leaves, start);
    const leaf = this.#leaf(index);
    this.#sought = start;
    this.#soughtLeaf = index;
    this.#soughtRank = leaf.rank(start);
    this.#place = leaf;
    return leaf;
  }

  #leaf(index: number): Leaf {
    // The list is never empty and every caller's index is inside it; the fallback satisfies the type.
    return this.#leaves[index] ?? new Leaf();
  }
}

function entryAt(leaf: Leaf, index: number): TableEntry {
  return {
    start: leaf.startOf(index),
    end: leaf.endOf(index),
    host: leaf.hostOf(index),
    tag: leaf.tagOf(index),
  };
}
