// One of PAMU's three tables in simulated memory, and how its entries are fetched.
//
// With the tables in a coherence subdomain every store is snooped, so each lookup fetches from memory:
// in the usual case from the bytes of the allocation that holds the table, which every writer shares,
// so nothing can be stale. Without coherence an entry that was fetched once stays until the table's
// base register is written.

import type { PhysicalMemory } from "../../memory/physical-memory.ts";

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
  /**
   * The bytes that the last entry found is in: in the usual case those from the table's base on, good until
   * memory goes away, or a copy of the entry.
   */
  bytes: DataView = NO_BYTES;
  /** Where in them the last entry of the table begins; negative when they are to be looked for anew. */
  #lastStart = -1;
  #keeps: "nothing" | "entries" = "nothing";
  /** Copies of entries, as bytes. */
  readonly #kept = new Map<number, DataView>();

  constructor(memory: PhysicalMemory, entryBytes: number) {
    this.#memory = memory;
    this.#entryBytes = entryBytes;
    memory.whenFreed(() => {
      this.#lastStart = -1;
    });
  }

  /** Base and limit registers, as two words each; the limit is the first byte behind the table. */
  place(base: readonly [number, number], limit: readonly [number, number]): void {
    const bytes = (limit[0] - base[0]) * 0x1_0000_0000 + (limit[1] - base[1]);
    this.#baseFrame = base[0] * 0x10_0000 + (base[1] >>> 12);
    this.#entries = Math.max(0, Math.floor(bytes / this.#entryBytes));
    this.#lastStart = -1;
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
    this.#lastStart = -1;
  }

  /** Whether the limit register leaves room for this entry. */
  has(index: number): boolean {
    return index < this.#entries;
  }

  /**
   * Where in `bytes` an entry begins, until the next search. Negative when the table does not reach to
   * it, or no live memory is behind it. Hot.
   */
  seek(index: number): number {
    const start = index * this.#entryBytes;
    return start <= this.#lastStart ? start : this.#seekElsewhere(index);
  }

  /** Physical address of an entry. */
  placeOf(index: number): Place {
    const start = index * this.#entryBytes;
    const frame = this.#baseFrame + Math.floor(start / FRAME_BYTES);
    return { frame, offset: start % FRAME_BYTES };
  }

  /** Not among the bytes from the table's base on, or these are to be looked for anew. */
  #seekElsewhere(index: number): number {
    if (!this.has(index)) return -1;
    this.#resolve();
    const start = index * this.#entryBytes;
    if (start <= this.#lastStart) return start;
    const entry = this.#kept.get(index) ?? this.#copy(index);
    if (entry === undefined) return -1;
    this.bytes = entry;
    this.#lastStart = -1;
    return 0;
  }

  #copy(index: number): DataView | undefined {
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
    if (this.#lastStart >= 0) return;
    const live = this.#keeps === "nothing" ? this.#memory.bytesFrom(this.#baseFrame) : undefined;
    const { buffer, byteOffset, byteLength } = live ?? NO_BYTES;
    this.bytes = new DataView(buffer, byteOffset, byteLength);
    const bytes = Math.min(byteLength, this.#entries * this.#entryBytes);
    this.#lastStart = bytes - this.#entryBytes;
  }
}
