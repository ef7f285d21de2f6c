// One of PAMU's three tables in simulated memory, and how its entries are fetched.
//
// With the tables in a coherence subdomain every store is snooped, so each lookup fetches from memory:
// in the usual case from the bytes of the allocation that holds the table, which every writer shares,
// so nothing can be stale. Without coherence an entry that was fetched once stays until the table's
// base register is written.

import type { PhysicalMemory } from "../../memory/physical-memory.ts";

/**
 * Words 0 to 7 of an entry, big-endian in memory, as signed integers: an unsigned word may be too large
 * for JavaScript's quick integers.
 */
export class EntryWords {
  word0 = 0;
  word1 = 0;
  word2 = 0;
  word3 = 0;
  word4 = 0;
  word5 = 0;
  word6 = 0;
  word7 = 0;

  /** Takes over the entry that begins at this byte. Hot. */
  fill(from: DataView, start: number): void {
    this.word0 = from.getInt32(start);
    this.word1 = from.getInt32(start + 4);
    this.word2 = from.getInt32(start + 8);
    this.word3 = from.getInt32(start + 12);
    this.word4 = from.getInt32(start + 16);
    this.word5 = from.getInt32(start + 20);
    this.word6 = from.getInt32(start + 24);
    this.word7 = from.getInt32(start + 28);
  }
}

/** Where an entry is, as 4 KiB frame and byte in it. */
export interface Place {
  readonly frame: number;
  readonly offset: number;
}

const FRAME_BYTES = 4096;
const NO_BYTES = new DataView(new ArrayBuffer(0));

export class PamuTable {
  readonly #memory: PhysicalMemory;
  readonly #entryBytes: number;
  #baseFrame = 0;
  #entries = 0;
  /** Bytes from the table's base on, and the generation of memory in which they were good. */
  #view: DataView = NO_BYTES;
  #generation = -1;
  readonly #fetched = new EntryWords();
  #keeps: "nothing" | "entries" = "nothing";
  /** Copies of entries, as bytes. */
  readonly #kept = new Map<number, DataView>();

  constructor(memory: PhysicalMemory, entryBytes: number) {
    this.#memory = memory;
    this.#entryBytes = entryBytes;
  }

  /** Base and limit registers, as two words each; the limit is the first byte behind the table. */
  place(base: readonly [number, number], limit: readonly [number, number]): void {
    const bytes = (limit[0] - base[0]) * 0x1_0000_0000 + (limit[1] - base[1]);
    this.#baseFrame = base[0] * 0x10_0000 + (base[1] >>> 12);
    this.#entries = Math.max(0, Math.floor(bytes / this.#entryBytes));
    this.#generation = -1;
  }

  /** The frame that the table begins in. */
  get baseFrame(): number {
    return this.#baseFrame;
  }

  /** Whether fetched entries are kept from now on. */
  keep(what: "nothing" | "entries"): void {
    if (what === this.#keeps) return;
    this.#keeps = what;
    this.forget();
  }

  /** Drops every kept entry. */
  forget(): void {
    this.#kept.clear();
    this.#generation = -1;
  }

  /** Whether the limit register leaves room for this entry. Hot. */
  has(index: number): boolean {
    return index < this.#entries;
  }

  /** The entry's words, good until the next fetch; nothing when no live memory is behind it. Hot. */
  fetch(index: number): EntryWords | undefined {
    const start = index * this.#entryBytes;
    const entry = this.#fetched;
    if (
      this.#generation === this.#memory.generation &&
      start + this.#entryBytes <= this.#view.byteLength
    ) {
      entry.fill(this.#view, start);
      return entry;
    }
    const bytes = this.#bytesElsewhere(index);
    if (bytes === undefined) return undefined;
    entry.fill(bytes, 0);
    return entry;
  }

  /** A byte of an entry, or nothing as above. */
  fetchByte(index: number, byte: number): number | undefined {
    return this.#bytesElsewhere(index)?.getUint8(byte);
  }

  /** Physical address of an entry. */
  placeOf(index: number): Place {
    const start = index * this.#entryBytes;
    const frame = this.#baseFrame + Math.floor(start / FRAME_BYTES);
    return { frame, offset: start % FRAME_BYTES };
  }

  /** Not in the allocation at the table's base, or that is to be looked for anew, or kept. */
  #bytesElsewhere(index: number): DataView | undefined {
    const kept = this.#kept.get(index);
    if (kept !== undefined) return kept;
    this.#resolve();
    const { frame, offset } = this.placeOf(index);
    if (!this.#memory.isLive(frame)) return undefined;
    const bytes = new Uint8Array(this.#entryBytes);
    this.#memory.read(frame, offset, bytes);
    const entry = new DataView(bytes.buffer);
    if (this.#keeps === "entries") this.#kept.set(index, entry);
    return entry;
  }

  /** Finds the allocation behind the table's base, unless entries are to be kept. */
  #resolve(): void {
    if (this.#generation === this.#memory.generation) return;
    const bytes = this.#keeps === "nothing" ? this.#memory.bytesFrom(this.#baseFrame) : undefined;
    this.#view =
      bytes === undefined
        ? NO_BYTES
        : new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#generation = this.#memory.generation;
  }
}
