// The second-stage page walk of VT-d (3.7 "Second-Stage Translation", entry formats 9.8).
//
// Three to five levels of 512 little-endian 8-byte entries. R (bit 0) and W (bit 1) both clear means
// not present; permissions of all levels are ANDed; PS (bit 7) ends the walk at 2 MiB or 1 GiB.
// Hot: no allocation and no BigInt. It reads tables only, and keeps nothing between walks but the
// size and the permissions of the page it found last.

import type { PhysicalMemory } from "../../memory/physical-memory.ts";
import type { TableArena } from "../../memory/table-arena.ts";
import { CAN_READ } from "../iotlb.ts";
import { entryFrame, highWord, indexAt, lowWord, powerOfTwo } from "../radix.ts";
import * as fault from "./faults.ts";
import type { VtdCapabilities } from "./registers.ts";

const PAGE_SIZE_BIT = 0x80;
const SNOOP_BIT = 0x800;
/** The first frame at 4 GiB: one word holds the addresses below. */
const BELOW_4_GIB = 0x10_0000;

/** Answer of `walkFrom`. */
const NOT_PLAIN = -1;

export class SecondStage {
  /** log2 of the frames of the page found by the last successful walk. */
  order = 0;
  /** CAN_READ | CAN_WRITE of that page: the AND of all levels. */
  permissions = 0;
  /** Whether the last walk ended at an entry with R and W clear. */
  metAbsentEntry = false;
  /** What `walkFrom` left to `walk`. */
  careful = 0;
  readonly #memory: PhysicalMemory;
  readonly #tables: TableArena;
  /** Reserved bits by level (index 1..5): low word of a leaf, low word of a table pointer. */
  readonly #leafReserved: readonly number[];
  readonly #tableReserved: readonly number[];
  /** Bits of a 4 KiB page's low word that `walkFrom` leaves to `walk`. */
  readonly #notPlain: number;
  /** Bits 51..HAW, in the high word of every entry. */
  readonly #highReserved: number;

  constructor(memory: PhysicalMemory, has: VtdCapabilities) {
    this.#memory = memory;
    this.#tables = memory.tables;
    const snoop = has.snoopControl ? 0 : SNOOP_BIT;
    const no2M = has.pages2M ? 0 : PAGE_SIZE_BIT;
    const no1G = has.pages1G ? 0 : PAGE_SIZE_BIT;
    // A 2 MiB leaf has no address bits 20..12, a 1 GiB leaf none in 29..12.
    this.#leafReserved = [0, snoop, snoop | 0x1f_f000 | no2M, snoop | 0x3fff_f000 | no1G, 0, 0];
    this.#notPlain = snoop;
    this.#tableReserved = [0, 0, 0, 0, PAGE_SIZE_BIT, PAGE_SIZE_BIT];
    this.#highReserved = 0xfffff & ~(2 ** (has.hostAddressWidth - 32) - 1);
  }

  /** What `walkFrom` takes for a top table: where it begins in the arena's words, and its levels. */
  plainTop(table: number, levels: number): number {
    if (table >= BELOW_4_GIB || (this.#highReserved & 0x7ff) !== 0) return -1;
    return levels === 3 || levels === 4 ? (table << 10) | levels : -1;
  }

  /**
   * The physical frame of what most walks find: a small page above 4 GiB that permits the access, below
   * tables that grant everything and lie below 4 GiB. Anything else, and any fault: `NOT_PLAIN`, and
   * `careful` has the answer of `walk`. `top` is what `plainTop` made of a table whose levels reach
   * the frame, which has at most 31 bits.
   *
   * Hot: the levels are written out, which with integers only takes a third of the instructions of a
   * loop, and so do numbers instead of names. It is too long for V8 to make it part of another
   * function: where V8 had the choice, a walk took a third longer in every second run (bench translate).
   */
  walkFrom(top: number, frame: number, needed: number): number {
    const words = this.#tables.words;
    let at = top & ~7;
    if ((top & 7) === 4) {
      at |= (frame >>> 26) & 62;
      const fourth = words[at] ?? 0;
      // R and W set, PS clear.
      if ((fourth & 0x83) !== 3 || words[at | 1] !== 0)
        return this.#leave(top >>> 10, top & 7, frame, needed);
      at = (fourth & ~0xfff) >>> 2;
    }
    at |= (frame >>> 17) & 1022;
    const third = words[at] ?? 0;
    if ((third & 0x83) !== 3 || words[at | 1] !== 0)
      return this.#leave(top >>> 10, top & 7, frame, needed);
    at = ((third & ~0xfff) >>> 2) | ((frame >>> 8) & 1022);
    const second = words[at] ?? 0;
    if ((second & 0x83) !== 3 || words[at | 1] !== 0)
      return this.#leave(top >>> 10, top & 7, frame, needed);
    at = ((second & ~0xfff) >>> 2) | ((frame << 1) & 1022);
    const leaf = words[at] ?? 0;
    const high = words[at | 1] ?? 0;
    // Between 4 GiB and 2^43: the frame has 21 to 31 bits.
    const odd = (leaf & this.#notPlain) | (high & ~0x7ff);
    if (high === 0 || odd !== 0 || (leaf & needed) === 0)
      return this.#leave(top >>> 10, top & 7, frame, needed);
    this.permissions = leaf & 3;
    return (high << 20) | (leaf >>> 12);
  }

  #leave(topTable: number, levels: number, frame: number, needed: number): number {
    this.careful = this.walk(topTable, levels, frame, needed);
    return NOT_PLAIN;
  }

  /** The physical frame, or minus a fault reason. `needed` is CAN_READ or CAN_WRITE. */
  walk(topTable: number, levels: number, frame: number, needed: number): number {
    this.metAbsentEntry = false;
    const low = lowWord(frame);
    const high = highWord(frame);
    const words = this.#memory.tables.words;
    let table = topTable;
    let permissions = 3;
    for (let level = levels; ; level--) {
      const index = 2 * indexAt(low, high, level);
      const at = table * 1024 + index;
      const entryLow = words[at] ?? this.#outside(table, index);
      const entryHigh = words[at + 1] ?? this.#outside(table, index + 1);
      if ((entryLow & 3) === 0) return this.#absent(table, needed);
      const isLeaf = endsWalk(entryLow, level);
      if (this.#hasReserved(entryLow, entryHigh, level, isLeaf)) return -fault.PAGE_TABLE_RESERVED;
      permissions &= entryLow;
      if ((permissions & needed) === 0) return denied(needed);
      table = entryFrame(entryLow, entryHigh);
      if (isLeaf) return this.#found(table, low, level, permissions);
    }
  }

  #found(page: number, low: number, level: number, permissions: number): number {
    this.order = 9 * (level - 1);
    this.permissions = permissions;
    return page + (low & (powerOfTwo(this.order) - 1));
  }

  #hasReserved(low: number, high: number, level: number, isLeaf: boolean): boolean {
    const reserved = (isLeaf ? this.#leafReserved : this.#tableReserved)[level] ?? 0;
    return (low & reserved) !== 0 || (high & this.#highReserved) !== 0;
  }

  /** A table that lies in data memory, or nowhere: then it reads as not present. */
  #outside(table: number, word: number): number {
    return this.#memory.isLive(table) ? this.#memory.load32(table, word) : 0;
  }

  #absent(table: number, needed: number): number {
    if (!this.#memory.isLive(table)) return -fault.PAGE_TABLE_ACCESS;
    this.metAbsentEntry = true;
    return denied(needed);
  }
}

/** Level 1 always does; 2 MiB and 1 GiB pages do by PS. */
function endsWalk(entryLow: number, level: number): boolean {
  return level === 1 || (level < 4 && (entryLow & PAGE_SIZE_BIT) !== 0);
}

function denied(needed: number): number {
  return needed === CAN_READ ? -fault.NO_READ_PERMISSION : -fault.NO_WRITE_PERMISSION;
}
