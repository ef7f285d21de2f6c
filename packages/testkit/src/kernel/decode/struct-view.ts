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
 * A 32-bit field by its place, unsigned. For the calls that map and unmap: a view finds a field by its
 * name, and because the views of all structs share that code, V8 looks the name up each time; that
 * took longer than all else that is done with a struct (bench sim-map-unmap).
 */
export function u32At(bytes: Uint8Array, { offset }: FieldPlace, order: ByteOrder): number {
  return wordAt(bytes, offset, order);
}

/** A u64 that counts bytes in 4 KiB frames, exactly, or -1 if it is no multiple of them. */
export function wholeFramesAt(bytes: Uint8Array, { offset }: FieldPlace, order: ByteOrder): number {
  const isLittle = order === "little";
  const low = wordAt(bytes, isLittle ? offset : offset + 4, order);
  if ((low & 0xfff) !== 0) return -1;
  // 2^64 bytes are 2^52 frames, which a double holds.
  const high = wordAt(bytes, isLittle ? offset + 4 : offset, order);
  return high * FRAMES_PER_HIGH_WORD + (low >>> 12);
}

/** Writes whole 4 KiB frames as a u64. */
export function putFrames(
  bytes: Uint8Array,
  { offset }: FieldPlace,
  order: ByteOrder,
  frames: number,
): void {
  putWord(bytes, order === "little" ? offset : offset + 4, order, frames << 12);
  putWord(bytes, order === "little" ? offset + 4 : offset, order, frames / FRAMES_PER_HIGH_WORD);
}

/** One struct over bytes that the kernel copied in, or will copy out. */
export class StructView<F extends string> {
  readonly #fields: Readonly<Record<F, FieldPlace>>;
  readonly #bytes: Uint8Array;
  readonly #order: ByteOrder;

  constructor(table: StructTable<F>, bytes: Uint8Array, order: ByteOrder) {
    this.#fields = table.fields;
    this.#bytes = bytes;
    this.#order = order;
  }

  u16(field: F): number {
    const at = this.#fields[field].offset;
    const first = byteAt(this.#bytes, at);
    const second = byteAt(this.#bytes, at + 1);
    return this.#order === "little" ? first | (second << 8) : (first << 8) | second;
  }

  u32(field: F): number {
    return u32At(this.#bytes, this.#fields[field], this.#order);
  }

  s32(field: F): number {
    return this.u32(field) | 0;
  }

  u64(field: F): bigint {
    return (BigInt(this.#high(field)) << 32n) | BigInt(this.#low(field));
  }

  /** A u64 in whole 4 KiB frames, rounded down; exact, because 2^64 bytes are 2^52 frames. */
  frames(field: F): number {
    return this.#high(field) * FRAMES_PER_HIGH_WORD + (this.#low(field) >>> 12);
  }

  /** What `frames` rounded away: the low twelve bits. */
  inFrame(field: F): number {
    return this.#low(field) & 0xfff;
  }

  setU16(field: F, value: number): void {
    const at = this.#fields[field].offset;
    putByte(this.#bytes, this.#order === "little" ? at : at + 1, value);
    putByte(this.#bytes, this.#order === "little" ? at + 1 : at, value >>> 8);
  }

  setU32(field: F, value: number): void {
    putWord(this.#bytes, this.#fields[field].offset, this.#order, value);
  }

  setU64(field: F, value: bigint): void {
    const at = this.#fields[field].offset;
    const low = Number(value & 0xffff_ffffn);
    const high = Number((value >> 32n) & 0xffff_ffffn);
    putWord(this.#bytes, at, this.#order, this.#order === "little" ? low : high);
    putWord(this.#bytes, at + 4, this.#order, this.#order === "little" ? high : low);
  }

  #low(field: F): number {
    const at = this.#fields[field].offset;
    return wordAt(this.#bytes, this.#order === "little" ? at : at + 4, this.#order);
  }

  #high(field: F): number {
    const at = this.#fields[field].offset;
    return wordAt(this.#bytes, this.#order === "little" ? at + 4 : at, this.#order);
  }
}

/** Byte by byte: a DataView needs the array's buffer, which for a small array has to be made first. */
function wordAt(bytes: Uint8Array, at: number, order: ByteOrder): number {
  const last = byteAt(bytes, at + 3);
  const b0 = bytes[at] ?? 0;
  const b1 = bytes[at + 1] ?? 0;
  const b2 = bytes[at + 2] ?? 0;
  return order === "little"
    ? (b0 | (b1 << 8) | (b2 << 16) | (last << 24)) >>> 0
    : (last | (b2 << 8) | (b1 << 16) | (b0 << 24)) >>> 0;
}

/** The low 32 bits of any whole number. */
function putWord(bytes: Uint8Array, at: number, order: ByteOrder, value: number): void {
  const word = order === "little" ? value | 0 : swapped(value);
  putByte(bytes, at + 3, word >>> 24);
  bytes[at] = word;
  bytes[at + 1] = word >>> 8;
  bytes[at + 2] = word >>> 16;
}

function swapped(value: number): number {
  const even = value & 0xff_00ff;
  const odd = (value >>> 8) & 0xff_00ff;
  const pairs = (even << 8) | odd;
  return (pairs << 16) | (pairs >>> 16);
}

/** A table that reaches past its struct is a mistake of this kernel's, not of its user's. */
function byteAt(bytes: Uint8Array, at: number): number {
  const value = bytes[at];
  if (value === undefined) throw new RangeError(`byte ${at} is outside the struct`);
  return value;
}

function putByte(bytes: Uint8Array, at: number, value: number): void {
  if (at >= bytes.length) throw new RangeError(`byte ${at} is outside the struct`);
  bytes[at] = value;
}
