// The host page walk of AMD-Vi (2.2.3 "I/O Page Tables for Host Translations").
//
// Each entry says the level of the next table, so levels can be skipped; 0 ends the walk with the
// level's own page size, 7 with a size coded into the low address bits: the lowest clear bit n of
// the frame number means 2^(n+1) frames, and every entry the page covers holds the same value.
// Hot: no allocation and no BigInt.

import type { PhysicalMemory } from "../../memory/physical-memory.ts";
import { FIRST_TABLE_FRAME } from "../../memory/table-arena.ts";
import { entryFrame, highWord, indexAt, lowWord, powerOfTwo, withinPage } from "../radix.ts";

/** Answers of `walk` that are not frames. */
const NOT_PRESENT = -1;
export const NOT_PERMITTED = -2;
export const RESERVED_BITS = -3;
export const NO_MEMORY = -4;

/** In the high word: bits 60..52 of a table pointer, 58..52 of a page entry. */
const TABLE_RESERVED = 0x1ff0_0000;
const PAGE_RESERVED = 0x07f0_0000;
const SIZE_IN_ADDRESS = 7;

export class HostPageTable {
  /** log2 of the frames of the page found by the last successful walk. */
  order = 0;
  /** IR is 1, IW is 2: the AND of all levels. */
  permissions = 0;
  readonly #memory: PhysicalMemory;

  constructor(memory: PhysicalMemory) {
    this.#memory = memory;
  }

  /** The physical frame, or one of the negative answers. `needed` is CAN_READ or CAN_WRITE. */
  walk(topTable: number, levels: number, frame: number, needed: number): number {
    const low = lowWord(frame);
    const high = highWord(frame);
    const words = this.#memory.tables.words;
    let table = topTable;
    let permissions = 3;
    let level = levels;
    if (frame >= powerOfTwo(9 * level)) return NOT_PRESENT;
    for (;;) {
      const index = 2 * indexAt(low, high, level);
      const at = (table - FIRST_TABLE_FRAME) * 1024 + index;
      const entryLow = words[at] ?? this.#outside(table, index);
      const entryHigh = words[at + 1] ?? this.#outside(table, index + 1);
      if ((entryLow & 1) === 0) return this.#absent(table);
      permissions &= entryHigh >>> 29;
      const next = (entryLow >>> 9) & 7;
      this.permissions = permissions;
      if (next === 0 || next === SIZE_IN_ADDRESS)
        return this.#page(entryLow, entryHigh, level, frame, needed);
      const refusal = refuses(entryHigh, level, next, frame);
      if (refusal !== 0) return refusal;
      if ((permissions & needed) === 0) return NOT_PERMITTED;
      table = entryFrame(entryLow, entryHigh);
      level = next;
    }
  }

  #page(low: number, high: number, level: number, frame: number, needed: number): number {
    const address = entryFrame(low, high);
    const smallest = 9 * (level - 1);
    const isCoded = ((low >>> 9) & 7) === SIZE_IN_ADDRESS;
    const order = isCoded ? codedOrder(low, high) : smallest;
    if ((high & PAGE_RESERVED) !== 0 || order < smallest || order >= 9 * level)
      return RESERVED_BITS;
    this.order = order;
    if ((this.permissions & needed) === 0) return NOT_PERMITTED;
    if (order === 0) return address;
    const inAddress = withinPage(address, order);
    // A page whose size is not coded has no address bits below its size.
    if (!isCoded && inAddress !== 0) return RESERVED_BITS;
    return address - inAddress + withinPage(frame, order);
  }

  /** A table that lies in data memory, or nowhere: then it reads as not present. */
  #outside(table: number, word: number): number {
    return this.#memory.isLive(table) ? this.#memory.load32(table, word) : 0;
  }

  #absent(table: number): number {
    return this.#memory.isLive(table) ? NOT_PRESENT : NO_MEMORY;
  }
}

/** Why a table pointer to level `next` is refused, or 0. Skipped address bits must be zero. */
function refuses(entryHigh: number, level: number, next: number, frame: number): number {
  if (next >= level || (entryHigh & TABLE_RESERVED) !== 0) return RESERVED_BITS;
  return next === level - 1 || skipsZeros(frame, level, next) ? 0 : NOT_PRESENT;
}

/** The address bits of skipped levels must be zero. */
function skipsZeros(frame: number, level: number, next: number): boolean {
  return Math.floor(frame / 512 ** next) % 512 ** (level - 1 - next) === 0;
}

/** One more than the place of the lowest clear bit among address bits 51..12. */
function codedOrder(low: number, high: number): number {
  const clearLow = ~(low >>> 12) & 0xfffff;
  if (clearLow !== 0) return 32 - Math.clz32(clearLow & -clearLow);
  const clearHigh = ~high & 0xfffff;
  return clearHigh === 0 ? 64 : 52 - Math.clz32(clearHigh & -clearHigh);
}
