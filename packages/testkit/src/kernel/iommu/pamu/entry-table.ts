// A table of 64-byte entries in simulated memory, each of big-endian 32-bit words.
//
// Only the kernel writes it. Every store is one word, so hardware that looks in between sees a whole
// word or the one before.

import { type EntryField, PAACE_BYTES } from "./entry-fields.ts";

export class EntryTable {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly entries: number;

  /** `bytes` are the table's own: what is written here is in memory at once. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.entries = bytes.length / PAACE_BYTES;
  }

  get(index: number, { word, mask, shift }: EntryField): number {
    return (this.word(index, word) & mask) >>> shift;
  }

  set(index: number, { word, mask, shift }: EntryField, value: number): void {
    const kept = this.word(index, word) & ~mask;
    this.#view.setUint32(this.#at(index, word), kept | ((value << shift) & mask));
  }

  word(index: number, word: number): number {
    return this.#view.getUint32(this.#at(index, word));
  }

  /** All words zero. */
  clear(index: number): void {
    const at = this.#at(index, 0);
    this.#bytes.fill(0, at, at + PAACE_BYTES);
  }

  /** A slip here would reach a neighbour's entry, so it is a mistake of this kernel's. */
  #at(index: number, word: number): number {
    if (!Number.isInteger(index) || index < 0 || index >= this.entries)
      throw new RangeError(`there is no entry ${index}`);
    return index * PAACE_BYTES + word * 4;
  }
}
