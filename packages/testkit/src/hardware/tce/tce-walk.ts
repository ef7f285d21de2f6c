// The walk from a TVE to a TCE, level by level.
//
// A TCE is a big-endian word of 64 bits: bit 0 read, bit 1 write, the rest a real address. An entry of
// an upper table is the address of the next one with both permissions; zero is "not present". Hot: no
// allocation, no BigInt. It keeps only what the last walk found.

import type { PhysicalMemory } from "../../memory/physical-memory.ts";
import { powerOfTwo } from "../radix.ts";
import { swap32 } from "./big-endian.ts";
import type { TranslatedWindow } from "./tve.ts";

/** Answers of `walk` that are not frames. */
export const NOT_PRESENT = -1;
const NOT_PERMITTED = -2;

export class TceWalk {
  /** Permissions of the TCE found last: 1 read, 2 write. */
  permissions = 0;
  /** The first 4 KiB frame of the page found last. */
  pageFrame = 0;
  readonly #memory: PhysicalMemory;

  constructor(memory: PhysicalMemory) {
    this.#memory = memory;
  }

  /**
   * The real frame behind a 4 KiB frame number of the window (bits 58..12 of the bus address), or one
   * of the answers above. `needed` is 1 to read, 2 to write. The index of the top level must fit.
   */
  walk(window: TranslatedWindow, frame: number, needed: number): number {
    const { indexBits, pageShift } = window;
    const order = pageShift - 12;
    let table = window.tableFrame;
    let rest = order === 0 ? frame : Math.floor(frame / powerOfTwo(order));
    for (let level = window.levels - 1; level > 0; level--) {
      const below = powerOfTwo(indexBits * level);
      const index = Math.floor(rest / below);
      rest -= index * below;
      const words = this.#memory.chunks.wordsAt(table);
      const high = this.#load(words, table, 2 * index);
      const low = this.#load(words, table, 2 * index + 1);
      if ((low & 3) === 0) return NOT_PRESENT;
      table = high * 0x10_0000 + (low >>> 12);
    }
    const words = this.#memory.chunks.wordsAt(table);
    const high = this.#load(words, table, 2 * rest);
    const low = this.#load(words, table, 2 * rest + 1);
    this.permissions = low & 3;
    if (this.permissions === 0) return NOT_PRESENT;
    if ((low & needed) === 0) return NOT_PERMITTED;
    const real = high * 0x10_0000 + (low >>> 12);
    if (order === 0) {
      this.pageFrame = real;
      return real;
    }
    // Bits of the real address below the page size are ignored.
    const size = powerOfTwo(order);
    this.pageFrame = real - (real % size);
    return this.pageFrame + (frame % size);
  }

  /** One word as a value; a table anywhere else than in table memory is read as what lies there. */
  #load(words: Uint32Array | undefined, table: number, word: number): number {
    const value = words?.[word];
    if (value !== undefined) return swap32(value);
    const frame = table + (word >>> 10);
    const inTables = this.#memory.chunks.word(frame, word & 1023);
    return swap32(inTables ?? this.#memory.load32(frame, word & 1023));
  }
}
