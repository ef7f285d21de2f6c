// How this kernel reads and writes a struct in user memory: a stated place for each field.
//
// The tables of this folder are written from the kernel's headers and compared with what a C
// compiler says of them (decode-vectors.test.ts). They must never be derived from core's tables.

import type { ByteOrder } from "../port-types.ts";

export interface FieldPlace {
  readonly offset: number;
  readonly size: number;
}

export interface StructTable<F extends string = string> {
  /** The C name, as the header spells it. */
  readonly struct: string;
  /** `sizeof`, in bytes. */
  readonly size: number;
  readonly fields: Readonly<Record<F, FieldPlace>>;
}

/** Where a field lies; only to keep the tables readable. */
export function at(offset: number, size: number): FieldPlace {
  return { offset, size };
}

/** 4 KiB frames per 2^32 bytes: how the high word of a u64 counts in frames. */
const FRAMES_PER_HIGH_WORD = 2 ** 20;

/** One struct over bytes that the kernel copied in, or will copy out. */
export class StructView<F extends string> {
  readonly #fields: Readonly<Record<F, FieldPlace>>;
  readonly #view: DataView;
  readonly #little: boolean;

  constructor(table: StructTable<F>, bytes: Uint8Array, order: ByteOrder) {
    this.#fields = table.fields;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#little = order === "little";
  }

  u16(field: F): number {
    return this.#view.getUint16(this.#fields[field].offset, this.#little);
  }

  u32(field: F): number {
    return this.#view.getUint32(this.#fields[field].offset, this.#little);
  }

  s32(field: F): number {
    return this.#view.getInt32(this.#fields[field].offset, this.#little);
  }

  u64(field: F): bigint {
    return this.#view.getBigUint64(this.#fields[field].offset, this.#little);
  }

  /** A u64 in whole 4 KiB frames, rounded down; exact, because 2^64 bytes are 2^52 frames. */
  frames(field: F): number {
    return this.#highWord(field) * FRAMES_PER_HIGH_WORD + (this.#lowWord(field) >>> 12);
  }

  /** What `frames` rounded away: the low twelve bits. */
  inFrame(field: F): number {
    return this.#lowWord(field) & 0xfff;
  }

  setU16(field: F, value: number): void {
    this.#view.setUint16(this.#fields[field].offset, value, this.#little);
  }

  setU32(field: F, value: number): void {
    this.#view.setUint32(this.#fields[field].offset, value, this.#little);
  }

  setU64(field: F, value: bigint): void {
    this.#view.setBigUint64(this.#fields[field].offset, value, this.#little);
  }

  #lowWord(field: F): number {
    return this.#view.getUint32(this.#fields[field].offset + (this.#little ? 0 : 4), this.#little);
  }

  #highWord(field: F): number {
    return this.#view.getUint32(this.#fields[field].offset + (this.#little ? 4 : 0), this.#little);
  }
}
