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

/**
 * One struct over bytes that the kernel copied in, or will copy out. Byte by byte: a DataView needs
 * the array's buffer, which for a small array has to be made first, and that took longer than all the
 * accesses (bench sim-map-unmap).
 */
export class StructView<F extends string> {
  readonly #fields: Readonly<Record<F, FieldPlace>>;
  readonly #bytes: Uint8Array;
  readonly #little: boolean;

  constructor(table: StructTable<F>, bytes: Uint8Array, order: ByteOrder) {
    this.#fields = table.fields;
    this.#bytes = bytes;
    this.#little = order === "little";
  }

  u16(field: F): number {
    const at = this.#fields[field].offset;
    const first = this.#byte(at);
    const second = this.#byte(at + 1);
    return this.#little ? first | (second << 8) : (first << 8) | second;
  }

  u32(field: F): number {
    return this.#word(this.#fields[field].offset);
  }

  s32(field: F): number {
    return this.#word(this.#fields[field].offset) | 0;
  }

  u64(field: F): bigint {
    return (BigInt(this.#highWord(field)) << 32n) | BigInt(this.#lowWord(field));
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
    const at = this.#fields[field].offset;
    this.#put(this.#little ? at : at + 1, value);
    this.#put(this.#little ? at + 1 : at, value >>> 8);
  }

  setU32(field: F, value: number): void {
    this.#putWord(this.#fields[field].offset, value);
  }

  setU64(field: F, value: bigint): void {
    const at = this.#fields[field].offset;
    this.#putWord(at + (this.#little ? 0 : 4), Number(value & 0xffff_ffffn));
    this.#putWord(at + (this.#little ? 4 : 0), Number((value >> 32n) & 0xffff_ffffn));
  }

  #lowWord(field: F): number {
    return this.#word(this.#fields[field].offset + (this.#little ? 0 : 4));
  }

  #highWord(field: F): number {
    return this.#word(this.#fields[field].offset + (this.#little ? 4 : 0));
  }

  #word(at: number): number {
    const byte = (index: number): number => this.#byte(this.#little ? at + index : at + 3 - index);
    return (byte(0) | (byte(1) << 8) | (byte(2) << 16) | (byte(3) << 24)) >>> 0;
  }

  #putWord(at: number, value: number): void {
    for (let index = 0; index < 4; index++)
      this.#put(this.#little ? at + index : at + 3 - index, value >>> (8 * index));
  }

  /** A table that reaches past its struct is a mistake of this kernel's, not of its user's. */
  #byte(at: number): number {
    const value = this.#bytes[at];
    if (value === undefined) throw new RangeError(`byte ${at} is outside the struct`);
    return value;
  }

  #put(at: number, value: number): void {
    if (at >= this.#bytes.length) throw new RangeError(`byte ${at} is outside the struct`);
    this.#bytes[at] = value;
  }
}
