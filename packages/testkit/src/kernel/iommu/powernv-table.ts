// A TCE table of bare metal: 1 to 5 levels of big-endian words in memory, the lower ones on demand.
//
// Only the root is allocated at first. The user's view (it_userspace) has the same shape.

import type { TableChunks } from "../../memory/table-chunks.ts";
import { ENOMEM } from "../errno.ts";
import type { TableShape } from "./powernv-geometry.ts";
import { type Leaf, newLeaf, noteWritten } from "./tce-leaves.ts";
import { type MappedEntry, TCE_READ, TCE_WRITE, type TceTable } from "./tce-table.ts";

export interface PowernvTableOptions extends TableShape {
  readonly chunks: TableChunks;
  readonly offset: number;
  readonly chargedBytes: number;
  /** Tables that may still be allocated on demand; default as many as it takes. */
  readonly spareTables?: number;
}

/** Who translates through a table and may have entries of it cached. */
export interface TceBridge {
  kill(table: TceTable, entry: number, pages: number): void;
}

/** A table above the leaves: where the next ones are. */
interface Node {
  readonly frame: number;
  readonly words: Uint32Array;
  readonly below: Map<number, Node>;
}

export class PowernvTable implements TceTable {
  readonly pageShift: number;
  readonly offset: number;
  readonly size: number;
  readonly chargedBytes: number;
  readonly levels: number;
  readonly indexBits: number;
  oldFrame = 0;
  oldPermissions = 0;
  /** The PEs whose window this table is. */
  readonly bridges: Set<TceBridge> = new Set();
  readonly #chunks: TableChunks;
  readonly #root: Node;
  readonly #leafEntries: number;
  readonly #leaves = new Map<number, Leaf>();
  #lastIndex = -1;
  #last: Leaf | undefined;
  #spare: number;

  constructor(options: PowernvTableOptions) {
    this.pageShift = options.pageShift;
    this.offset = options.offset;
    this.size = options.entries;
    this.chargedBytes = options.chargedBytes;
    this.levels = options.levels;
    this.indexBits = options.indexBits;
    this.#chunks = options.chunks;
    this.#leafEntries = 2 ** options.indexBits;
    this.#spare = options.spareTables ?? Number.POSITIVE_INFINITY;
    this.#root = this.#newNode();
    if (this.levels === 1) this.#leaves.set(0, newLeaf(this.#root.words));
  }

  /** First frame of the top table. */
  get rootFrame(): number {
    return this.#root.frame;
  }

  /** Bytes of each table. */
  get tableBytes(): number {
    return this.#leafEntries * 8;
  }

  exchange(entry: number, frame: number, permissions: number): number {
    const local = entry - this.offset;
    const leafIndex = Math.floor(local / this.#leafEntries);
    const leaf = leafIndex === this.#lastIndex ? this.#last : this.#find(leafIndex, permissions);
    if (leaf === undefined) return permissions === 0 ? this.#wasEmpty() : -ENOMEM;
    const index = local - leafIndex * this.#leafEntries;
    const { words } = leaf;
    const low = swap(words[2 * index + 1] ?? 0);
    this.oldPermissions = low & 3;
    this.oldFrame = swap(words[2 * index] ?? 0) * 0x10_0000 + (low >>> 12);
    // A TCE that may be written may be read: pnv_tce_xchg adds the bit.
    const granted = (permissions & TCE_WRITE) === 0 ? permissions : TCE_READ | TCE_WRITE;
    words[2 * index] = granted === 0 ? 0 : swap(Math.floor(frame / 0x10_0000));
    words[2 * index + 1] = granted === 0 ? 0 : swap(((frame << 12) | granted) >>> 0);
    if (granted !== 0) noteWritten(leaf, index);
    return 0;
  }

  shadow(entry: number): number {
    const leaf = this.#at(entry);
    return leaf?.view.address((entry - this.offset) % this.#leafEntries) ?? 0;
  }

  setShadow(entry: number, address: number, permissions: number): void {
    const index = (entry - this.offset) % this.#leafEntries;
    this.#at(entry)?.view.set(index, address, permissions);
  }

  next(entry: number, end: number): number {
    let local = entry - this.offset;
    const last = end - this.offset;
    while (local < last) {
      const leafIndex = Math.floor(local / this.#leafEntries);
      const first = leafIndex * this.#leafEntries;
      const leaf = this.#leaves.get(leafIndex);
      if (leaf !== undefined && local - first < leaf.high)
        return Math.min(end, this.offset + Math.max(local, first + leaf.low));
      const following = this.#leafAfter(leafIndex);
      if (following === undefined) return end;
      local = following * this.#leafEntries;
    }
    return end;
  }

  invalidate(entry: number, pages: number): void {
    for (const bridge of this.bridges) bridge.kill(this, entry, pages);
  }

  mapped(): readonly MappedEntry[] {
    const found: MappedEntry[] = [];
    for (const leafIndex of [...this.#leaves.keys()].sort((a, b) => a - b)) {
      const leaf = this.#leaves.get(leafIndex);
      if (leaf === undefined) continue;
      for (let index = leaf.low; index < leaf.high; index++) {
        const asked = leaf.view.asked(index);
        if ((swap(leaf.words[2 * index + 1] ?? 0) & 3) === 0) continue;
        const entry = this.offset + leafIndex * this.#leafEntries + index;
        const access = { read: (asked & TCE_READ) !== 0, write: (asked & TCE_WRITE) !== 0 };
        found.push({ entry, address: leaf.view.address(index), access });
      }
    }
    return found;
  }

  free(): void {
    this.#freeBelow(this.#root);
    this.#leaves.clear();
    this.#last = undefined;
    this.#lastIndex = -1;
  }

  #wasEmpty(): 0 {
    this.oldFrame = 0;
    this.oldPermissions = 0;
    return 0;
  }

  #at(entry: number): Leaf | undefined {
    const leafIndex = Math.floor((entry - this.offset) / this.#leafEntries);
    return leafIndex === this.#lastIndex ? this.#last : this.#leaves.get(leafIndex);
  }

  /** The leaf, made on demand when something is to be written into it. */
  #find(leafIndex: number, permissions: number): Leaf | undefined {
    const known = this.#leaves.get(leafIndex);
    const leaf = known ?? (permissions === 0 ? undefined : this.#make(leafIndex));
    if (leaf === undefined) return undefined;
    this.#lastIndex = leafIndex;
    this.#last = leaf;
    return leaf;
  }

  #make(leafIndex: number): Leaf | undefined {
    let node: Node | undefined = this.#root;
    for (let level = this.levels - 2; level >= 0 && node !== undefined; level--) {
      const index = Math.floor(leafIndex / 2 ** (this.indexBits * level)) % this.#leafEntries;
      node = node.below.get(index) ?? this.#tableBelow(node, index);
    }
    if (node === undefined) return undefined;
    const leaf = newLeaf(node.words);
    this.#leaves.set(leafIndex, leaf);
    return leaf;
  }

  #tableBelow(parent: Node, index: number): Node | undefined {
    if (this.#spare === 0) return undefined;
    this.#spare--;
    const node = this.#newNode();
    parent.below.set(index, node);
    parent.words[2 * index] = swap(Math.floor(node.frame / 0x10_0000));
    parent.words[2 * index + 1] = swap(((node.frame << 12) | TCE_READ | TCE_WRITE) >>> 0);
    return node;
  }

  #newNode(): Node {
    const frame = this.#chunks.allocate(Math.max(1, this.tableBytes / 4096));
    const words = this.#chunks.wordsAt(frame);
    if (words === undefined) throw new Error("a table that was just allocated is not there");
    return { frame, words, below: new Map() };
  }

  /** The driver has cleared the leaves; what is left are the entries of upper tables. */
  #freeBelow(node: Node): void {
    for (const [index, below] of node.below) {
      this.#freeBelow(below);
      node.words.fill(0, 2 * index, 2 * index + 2);
    }
    this.#chunks.free(node.frame, "zero");
  }

  #leafAfter(leafIndex: number): number | undefined {
    let next: number | undefined;
    for (const index of this.#leaves.keys())
      if (index > leafIndex && (next === undefined || index < next)) next = index;
    return next;
  }
}

/** The CPU is little-endian, the bridge is not: cpu_to_be32. */
function swap(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}
