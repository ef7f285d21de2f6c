// The second-stage page walk of VT-d (3.7 "Second-Stage Translation", entry formats 9.8).
//
// Three to five levels of 512 little-endian 8-byte entries. R (bit 0) and W (bit 1) both clear means
// not present; permissions of all levels are ANDed; PS (bit 7) ends the walk at 2 MiB or 1 GiB.
// Hot: no allocation and no BigInt. It reads tables only, and keeps nothing between walks but the
// size and the permissions of the page it found last.

import type { PhysicalMemory } from "../../memory/physical-memory.ts";
import { FIRST_TABLE_FRAME } from "../../memory/table-arena.ts";
import { CAN_READ } from "../iotlb.ts";
import { entryFrame, highWord, indexAt, lowWord, powerOfTwo } from "../radix.ts";
import * as fault from "./faults.ts";
import type { VtdCapabilities } from "./registers.ts";

const PAGE_SIZE_BIT = 0x80;
const SNOOP_BIT = 0x800;
/** A table that lies below 4 GiB and takes no permission away: R and W set, PS clear. */
const PLAIN_TABLE = 3;
const PLAIN_MASK: number = PAGE_SIZE_BIT | 3;
const NOT_PLAIN = -1;
/** A copy, since V8 takes another module's constant for a variable: 30 % of a walk (Node 24). */
const FIRST: number = FIRST_TABLE_FRAME;
/** Frames of 31 bits: what shifts of a JavaScript integer reach. */
const MOST_PLAIN_FRAME = 0x7fff_ffff;

export class SecondStage {
  /** log2 of the frames of the page found by the last successful walk. */
  order = 0;
  /** CAN_READ | CAN_WRITE of that page: the AND of all levels. */
  permissions = 0;
  /** Whether the last walk ended at an entry with R and W clear. */
  metAbsentEntry = false;
  readonly #memory: PhysicalMemory;
  /** Reserved bits by level (index 1..5): low word of a leaf, low word of a table pointer. */
  readonly #leafReserved: readonly number[];
  readonly #tableReserved: readonly number[];
  /** Reserved bits of a 4 KiB page's low word. */
  readonly #pageReserved: number;
  /** Bits 51..HAW, in the high word of every entry. */
  readonly #highReserved: number;

  constructor(memory: PhysicalMemory, has: VtdCapabilities) {
    this.#memory = memory;
    const snoop = has.snoopControl ? 0 : SNOOP_BIT;
    const no2M = has.pages2M ? 0 : PAGE_SIZE_BIT;
    const no1G = has.pages1G ? 0 : PAGE_SIZE_BIT;
    // A 2 MiB leaf has no address bits 20..12, a 1 GiB leaf none in 29..12.
    this.#leafReserved = [0, snoop, snoop | 0x1f_f000 | no2M, snoop | 0x3fff_f000 | no1G, 0, 0];
    this.#pageReserved = snoop;
    this.#tableReserved = [0, 0, 0, 0, PAGE_SIZE_BIT, PAGE_SIZE_BIT];
    this.#highReserved = 0xfffff & ~(2 ** (has.hostAddressWidth - 32) - 1);
  }

  /**
   * The physical frame, or minus a fault reason. `needed` is CAN_READ or CAN_WRITE. A small page
   * below tables that grant everything is found straight away: the levels are written out, which with
   * integers only takes a third of the instructions of a loop (bench translate). All else is walked
   * again with care.
   */
  walk(topTable: number, levels: number, frame: number, needed: number): number {
    this.metAbsentEntry = false;
    const words = this.#memory.tables.words;
    let at = (topTable - FIRST) << 10;
    if (levels === 4 && frame <= MOST_PLAIN_FRAME) at = below(words, at + ((frame >>> 26) & 62));
    else if (levels !== 3 || frame >= 1 << 27) at = NOT_PLAIN;
    if (at >= 0) at = below(words, at + ((frame >>> 17) & 1022));
    if (at >= 0) at = below(words, at + ((frame >>> 8) & 1022));
    if (at < 0) return this.#walkWithCare(topTable, levels, frame, needed);
    at += (frame << 1) & 1022;
    const leaf = words[at] ?? 0;
    const leafHigh = words[at + 1] ?? 0;
    const reserved = (leaf & this.#pageReserved) | (leafHigh & this.#highReserved);
    if ((leaf & needed) === 0 || reserved !== 0)
      return this.#walkWithCare(topTable, levels, frame, needed);
    this.order = 0;
    this.permissions = leaf & 3;
    return entryFrame(leaf, leafHigh);
  }

  /** Any walk: large pages, permissions that tables take away, reserved bits, faults. */
  #walkWithCare(topTable: number, levels: number, frame: number, needed: number): number {
    const low = lowWord(frame);
    const high = highWord(frame);
    const words = this.#memory.tables.words;
    let table = topTable;
    let permissions = 3;
    for (let level = levels; ; level--) {
      const index = 2 * indexAt(low, high, level);
      const at = (table - FIRST) * 1024 + index;
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

/** Where the table begins to which the entry at `at` points, if the entry is plain, or NOT_PLAIN. */
function below(words: Uint32Array, at: number): number {
  const entry = words[at] ?? 0;
  if ((entry & PLAIN_MASK) !== PLAIN_TABLE || words[at + 1] !== 0) return NOT_PLAIN;
  return ((entry >>> 12) - FIRST) << 10;
}

/** Level 1 always does; 2 MiB and 1 GiB pages do by PS. */
function endsWalk(entryLow: number, level: number): boolean {
  return level === 1 || (level < 4 && (entryLow & PAGE_SIZE_BIT) !== 0);
}

function denied(needed: number): number {
  return needed === CAN_READ ? -fault.NO_READ_PERMISSION : -fault.NO_WRITE_PERMISSION;
}
