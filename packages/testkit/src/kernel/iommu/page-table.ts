// The operating system's side of a page table with 512 entries for each level.
//
// Writes entries into frames of the table arena and gives back frames that became empty. The bits of
// an entry are the format's (VT-d, AMD); a page may take several equal entries, as AMD's in-between
// sizes do. It flushes nothing: tables it cut off stay allocated until releaseDetached(), because
// hardware may still walk them.

import type { TableArena } from "../../memory/table-arena.ts";
import type { DomainAccess } from "./domain.ts";

/** How one architecture writes and recognises an entry, words[at] and words[at + 1]. */
export interface TableFormat {
  /** What the driver does when it finds the entry of a new page present. */
  readonly whenPresent: "refuse" | "replace";
  writeTable(words: Uint32Array, at: number, frame: number, level: number): void;
  writeLeaf(
    words: Uint32Array,
    at: number,
    frame: number,
    order: number,
    access: DomainAccess,
  ): void;
  isPresent(low: number): boolean;
  /** log2 of the frames of the page this present entry maps at `level`, or -1 for a table. */
  leafOrder(low: number, high: number, level: number): number;
}

export class PageTable {
  readonly #arena: TableArena;
  readonly #format: TableFormat;
  /**
   * Every table that is not detached. The arena's notes of a table are the number of its present
   * entries and its place in this list.
   */
  readonly #tables: number[] = [];
  /** Tables on the way to the entry found last, by level. */
  readonly #path: number[] = [0, 0, 0, 0, 0, 0, 0];
  /** Tables cut off and not given back: the first `#cutOff` of a list that keeps its room. */
  readonly #detached: number[] = [];
  #cutOff = 0;
  #rootFrame: number;
  #levels: number;

  constructor(arena: TableArena, format: TableFormat, levels: number) {
    this.#arena = arena;
    this.#format = format;
    this.#levels = levels;
    this.#rootFrame = this.#newTable();
  }

  get rootFrame(): number {
    return this.#rootFrame;
  }

  get levels(): number {
    return this.#levels;
  }

  /** Whether the levels there are can hold this frame. */
  covers(frame: number): boolean {
    return frame < spanOf(this.#levels + 1);
  }

  /** One more level on top: the old root becomes its first entry. */
  grow(): void {
    const root = this.#newTable();
    const at = this.#arena.indexOf(root);
    this.#format.writeTable(this.#arena.words, at, this.#rootFrame, this.#levels + 1);
    this.#count(root, 1);
    this.#rootFrame = root;
    this.#levels++;
  }

  /** Writes one page of 2^order frames; both addresses are multiples of its size. */
  map(iovaFrame: number, physicalFrame: number, order: number, access: DomainAccess): void {
    const leafLevel = order === 0 ? 1 : Math.floor(order / 9) + 1;
    const table = this.#tableFor(iovaFrame, leafLevel);
    const first = this.#entryIndex(table, iovaFrame, leafLevel);
    const copies = 1 << (order % 9);
    const { words } = this.#arena;
    let added = 0;
    for (let at = first; at < first + 2 * copies; at += 2) {
      if (this.#format.isPresent(words[at] ?? 0)) this.#checkReplacing(at, leafLevel, order);
      else added++;
      this.#format.writeLeaf(words, at, physicalFrame, order, access);
    }
    this.#count(table, added);
  }

  /** Clears every page in the range; answers the frames that were mapped. */
  unmap(iovaFrame: number, frames: number): number {
    const end = iovaFrame + frames;
    let cleared = 0;
    for (let at = iovaFrame; at < end; ) {
      const level = this.#descend(at);
      const table = this.#path[level] ?? 0;
      const entry = this.#entryIndex(table, at, level);
      const low = this.#arena.words[entry] ?? 0;
      if (!this.#format.isPresent(low)) {
        at = nextBoundary(at, spanOf(level));
        continue;
      }
      const order = this.#format.leafOrder(low, this.#arena.words[entry + 1] ?? 0, level);
      if (order === 0) {
        // Most pages, and then every number here is an integer to V8.
        this.#clear(at, level, 1);
        cleared += 1;
        at += 1;
        continue;
      }
      const size = powerOfTwo(order);
      const page = at - (at % size);
      if (page < iovaFrame || page + size > end) throw cutsPage(page, size);
      this.#clear(page, level, 1 << (order - 9 * (level - 1)));
      cleared += size;
      at = page + size;
    }
    return cleared;
  }

  /** Gives back the tables that unmapping emptied; only after the hardware's caches were flushed. */
  releaseDetached(): void {
    for (let at = 0; at < this.#cutOff; at++) {
      const table = this.#detached[at];
      if (table !== undefined) this.#arena.free(table, "zero");
    }
    this.#cutOff = 0;
  }

  /** Gives back every frame. The hardware must not use the table any more. */
  free(): void {
    this.releaseDetached();
    for (const frame of this.#tables) this.#arena.free(frame);
    this.#tables.length = 0;
  }

  /** A page of the same size may be replaced where the driver does so; nothing else. */
  #checkReplacing(at: number, level: number, order: number): void {
    const { words } = this.#arena;
    const present = this.#format.leafOrder(words[at] ?? 0, words[at + 1] ?? 0, level);
    if (this.#format.whenPresent === "refuse" || present !== order)
      throw new Error(`a page of order ${order} meets a present entry of order ${present}`);
  }

  /** Walks to the table of `leafLevel`, making tables on the way. */
  #tableFor(iovaFrame: number, leafLevel: number): number {
    let table = this.#rootFrame;
    for (let level = this.#levels; level > leafLevel; level--) {
      const at = this.#entryIndex(table, iovaFrame, level);
      const low = this.#arena.words[at] ?? 0;
      if (!this.#format.isPresent(low)) {
        const made = this.#newTable();
        this.#format.writeTable(this.#arena.words, at, made, level);
        this.#count(table, 1);
        table = made;
        continue;
      }
      const high = this.#arena.words[at + 1] ?? 0;
      if (this.#format.leafOrder(low, high, level) >= 0) throw alreadyMapped(iovaFrame);
      table = (high & 0xfffff) * 0x10_0000 + (low >>> 12);
    }
    return table;
  }

  /** Follows tables as far as they go, noting the path; answers the level of the last one. */
  #descend(iovaFrame: number): number {
    let table = this.#rootFrame;
    let level = this.#levels;
    for (;;) {
      this.#path[level] = table;
      const at = this.#entryIndex(table, iovaFrame, level);
      const low = this.#arena.words[at] ?? 0;
      const high = this.#arena.words[at + 1] ?? 0;
      if (!this.#format.isPresent(low) || this.#format.leafOrder(low, high, level) >= 0)
        return level;
      table = (high & 0xfffff) * 0x10_0000 + (low >>> 12);
      level--;
    }
  }

  /** Clears entries in the table of `level` on the noted path, and cuts off what became empty. */
  #clear(page: number, level: number, copies: number): void {
    const { words } = this.#arena;
    let count = copies;
    for (let at = level; ; at++) {
      const table = this.#path[at] ?? 0;
      const entry = this.#entryIndex(table, page, at);
      for (let word = entry; word < entry + 2 * count; word++) words[word] = 0;
      if (this.#count(table, -count) !== 0 || at === this.#levels) return;
      this.#detach(table);
      count = 1;
    }
  }

  #entryIndex(table: number, iovaFrame: number, level: number): number {
    return this.#arena.indexOf(table) + 2 * entryOf(iovaFrame, level);
  }

  #newTable(): number {
    const frame = this.#arena.allocate();
    this.#arena.notes[2 * frame + 1] = this.#tables.length;
    this.#tables.push(frame);
    return frame;
  }

  /** Takes a table out of the list: the last one moves to its place. */
  #detach(table: number): void {
    const { notes } = this.#arena;
    const place = notes[2 * table + 1] ?? 0;
    const last = this.#tables.pop() ?? table;
    if (last !== table) {
      this.#tables[place] = last;
      notes[2 * last + 1] = place;
    }
    this.#detached[this.#cutOff++] = table;
  }

  /** Changes the number of present entries of a table, and answers it. */
  #count(table: number, change: number): number {
    const { notes } = this.#arena;
    const present = (notes[2 * table] ?? 0) + change;
    notes[2 * table] = present;
    return present;
  }
}

/** Which entry of a table of `level` is a frame's. */
function entryOf(frame: number, level: number): number {
  if (frame <= 0x7fff_ffff && level <= 4) return (frame >>> (9 * (level - 1))) & 511;
  return Math.floor(frame / spanOf(level)) % 512;
}

/** Frames that one entry of `level` covers: 512^(level - 1). */
const SPANS: readonly number[] = Array.from({ length: 8 }, (_, level) => 512 ** (level - 1));

function spanOf(level: number): number {
  return SPANS[level] ?? Number.NaN;
}

/** 2^n by table: `**` is a call of the C library. */
export function powerOfTwo(exponent: number): number {
  return POWERS[exponent] ?? Number.NaN;
}

const POWERS: readonly number[] = Array.from({ length: 53 }, (_, exponent) => 2 ** exponent);

function nextBoundary(frame: number, span: number): number {
  return frame - (frame % span) + span;
}

function alreadyMapped(frame: number): Error {
  return new Error(`IOVA frame 0x${frame.toString(16)} is mapped already`);
}

function cutsPage(page: number, frames: number): Error {
  return new Error(`the range cuts the page of ${frames} frames at 0x${page.toString(16)}`);
}
