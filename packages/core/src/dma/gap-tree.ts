// Where a free range is: the largest gap of each leaf, and a tree of maxima over the leaves.
//
// The gap of an entry is the free space right before it. A change marks its leaf (and the next one,
// whose first gap it moves); only a search brings marked leaves up to date, so a map at a given IOVA
// pays nothing. A search at page alignment is O(log n). With a larger alignment a gap can be large
// enough and still not fit: after 64 such gaps the search asks for a gap that fits wherever it
// begins, and only if there is none goes through the others one by one.

import type { Leaf } from "./mapping-table.ts";

const PATIENCE = 64;

export interface Search {
  /** The first frame that may be used, and one past the last. */
  readonly from: number;
  readonly to: number;
  readonly frames: number;
  /** In frames; the range begins at a multiple of it. */
  readonly alignment: number;
}

interface Pass extends Search {
  /** Gaps smaller than this are passed over. */
  readonly least: number;
  /** Gaps that are large enough and do not fit, before the pass gives up. */
  readonly patience: number;
}

interface PassResult {
  readonly at: number;
  /** Where a pass that lost its patience stood. */
  readonly resume?: number;
}

export class GapTree {
  /** maxima[size + i] is leaf i's largest gap; maxima[i] the larger of its two children. */
  #maxima = new Float64Array(2);
  #size = 1;
  #stale = true;
  readonly #touched: number[] = [];

  /** The leaves were split, merged or replaced: everything is computed anew at the next search. */
  resize(): void {
    this.#stale = true;
    this.#touched.length = 0;
  }

  /** An entry of a leaf came or went. */
  touch(leaf: number): void {
    if (this.#stale) return;
    // A list that outgrows the leaves costs more than computing all of them.
    if (this.#touched.length > this.#size) this.resize();
    else this.#touched.push(leaf);
  }

  /** The start of the lowest free range, or -1. */
  findFree(leaves: readonly Leaf[], search: Search): number {
    this.#refresh(leaves);
    const { frames, alignment } = search;
    const first = this.#pass(leaves, { ...search, least: frames, patience: PATIENCE });
    if (first.resume === undefined) return first.at;
    const rest = { ...search, from: first.resume, patience: Number.POSITIVE_INFINITY };
    const roomy = this.#pass(leaves, { ...rest, least: frames + alignment - 1 });
    return roomy.at >= 0 ? roomy.at : this.#pass(leaves, { ...rest, least: frames }).at;
  }

  #pass(leaves: readonly Leaf[], pass: Pass): PassResult {
    let misfits = 0;
    let cursor = pass.from;
    for (let leaf = leafBefore(leaves, cursor); leaf >= 0 && leaf < leaves.length; ) {
      cursor = Math.max(cursor, endBefore(leaves, leaf));
      const found = scan(leaves[leaf], cursor, pass);
      if (found.at >= 0 || found.past) return { at: found.at };
      misfits += found.misfits;
      cursor = found.cursor;
      if (misfits > pass.patience) return { at: -1, resume: cursor };
      leaf = this.#nextWith(leaf + 1, pass.least);
    }
    return { at: fit(Math.max(pass.from, endBefore(leaves, leaves.length)), pass.to, pass) };
  }

  #refresh(leaves: readonly Leaf[]): void {
    if (this.#stale) {
      this.#size = 1;
      while (this.#size < leaves.length) this.#size *= 2;
      this.#maxima = new Float64Array(this.#size * 2);
      leaves.forEach((_, index) => {
        this.#maxima[this.#size + index] = largestGap(leaves, index);
      });
      for (let node = this.#size - 1; node > 0; node--) this.#pull(node);
      this.#stale = false;
    }
    for (const leaf of this.#touched) {
      this.#update(leaves, leaf);
      if (leaf + 1 < leaves.length) this.#update(leaves, leaf + 1);
    }
    this.#touched.length = 0;
  }

  #update(leaves: readonly Leaf[], leaf: number): void {
    let node = this.#size + leaf;
    this.#maxima[node] = largestGap(leaves, leaf);
    for (node >>>= 1; node > 0; node >>>= 1) this.#pull(node);
  }

  #pull(node: number): void {
    this.#maxima[node] = Math.max(this.#maxima[2 * node] ?? 0, this.#maxima[2 * node + 1] ?? 0);
  }

  /** The first leaf at or after `leaf` with a gap of at least `frames`, or -1. */
  #nextWith(leaf: number, frames: number): number {
    if (leaf >= this.#size) return -1;
    let node = this.#size + leaf;
    while ((this.#maxima[node] ?? 0) < frames) {
      // Up while it is a right child, then one to the right: the next subtree in order.
      while (node > 1 && node % 2 === 1) node >>>= 1;
      if (node <= 1) return -1;
      node++;
    }
    while (node < this.#size) {
      node *= 2;
      if ((this.#maxima[node] ?? 0) < frames) node++;
    }
    return node - this.#size;
  }
}

interface Scanned {
  /** Where it fits, or -1. */
  readonly at: number;
  /** Whether the scan reached the end of the wanted space. */
  readonly past: boolean;
  readonly misfits: number;
  /** One past the last entry seen. */
  readonly cursor: number;
}

/** Looks at the gaps before each entry of one leaf, from `cursor` on. */
function scan(leaf: Leaf | undefined, cursor: number, pass: Pass): Scanned {
  let free = cursor;
  let misfits = 0;
  for (let i = 0; leaf !== undefined && i < leaf.count; i++) {
    const start = leaf.startOf(i);
    const end = leaf.endOf(i);
    if (end <= free) continue;
    if (start - free >= pass.least) {
      const at = fit(free, Math.min(start, pass.to), pass);
      if (at >= 0) return { at, past: false, misfits, cursor: free };
      misfits++;
    }
    free = end;
    if (free >= pass.to) return { at: -1, past: true, misfits, cursor: free };
  }
  return { at: -1, past: false, misfits, cursor: free };
}

function fit(from: number, to: number, { frames, alignment }: Search): number {
  const at = Math.ceil(from / alignment) * alignment;
  return at + frames <= to ? at : -1;
}

/** The last leaf whose first entry is at or before `frame`; the first leaf when none is. */
export function leafBefore(leaves: readonly Leaf[], frame: number): number {
  let low = 0;
  let high = leaves.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((leaves[middle]?.first ?? 0) <= frame) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Where the entries before a leaf end. */
function endBefore(leaves: readonly Leaf[], leaf: number): number {
  return leaf > 0 ? (leaves[leaf - 1]?.lastEnd ?? 0) : 0;
}

function largestGap(leaves: readonly Leaf[], index: number): number {
  const leaf = leaves[index];
  if (leaf === undefined) return 0;
  let free = endBefore(leaves, index);
  let largest = 0;
  for (let i = 0; i < leaf.count; i++) {
    largest = Math.max(largest, leaf.startOf(i) - free);
    free = leaf.endOf(i);
  }
  return largest;
}
