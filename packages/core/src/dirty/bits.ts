// Runs of bits in little-endian bitmaps: bit `i & 7` of byte `i >> 3` is page i.
//
// Indices are page numbers and reach 2^33, so they are divided, never shifted (`1 << n` and `n >> 3`
// are 32 bits wide in JavaScript, as in the kernel bug CVE-2025-21724). Words of kernels that are
// big-endian are turned first.

import type { ByteOrder } from "../abi/profile.ts";

/** Bytes of a bitmap of so many pages: whole 64-bit words, as the kernel writes them. */
export function bitmapBytes(pages: number): number {
  return 8 * Math.ceil(pages / 64);
}

/** Turns 64-bit words of a kernel's byte order into the order of bits that this file speaks. */
export function toBitOrder(order: ByteOrder, words: Uint8Array): void {
  if (order === "little") return;
  for (let at = 0; at + 8 <= words.length; at += 8) words.subarray(at, at + 8).reverse();
}

/** Sets `count` bits from `first` on. */
export function setBits(bits: Uint8Array, first: number, count: number): void {
  eachByte(first, count, (byte, mask) => {
    bits[byte] = (bits[byte] ?? 0) | mask;
  });
}

/** Bits of another bitmap: from where on. */
export interface BitSource {
  readonly bits: Uint8Array;
  readonly first: number;
}

/** Ors `count` bits of `from` into `bits`, at `first`; no other bit changes. */
export function orBits(bits: Uint8Array, first: number, count: number, from: BitSource): void {
  const distance = from.first - first;
  const shift = ((distance % 8) + 8) % 8;
  const bytes = (distance - shift) / 8;
  eachByte(first, count, (byte, mask) => {
    // Eight bits of the source that stand where this byte's bits will; they reach over two bytes.
    const low = from.bits[byte + bytes] ?? 0;
    const high = from.bits[byte + bytes + 1] ?? 0;
    bits[byte] = (bits[byte] ?? 0) | (((low | (high << 8)) >> shift) & mask);
  });
}

/** Visits the bytes that a run of bits touches, each with the mask of its bits in the run. */
function eachByte(first: number, count: number, visit: (byte: number, mask: number) => void): void {
  const end = first + count;
  for (let bit = first; bit < end; ) {
    const byte = Math.floor(bit / 8);
    const from = bit - 8 * byte;
    const to = Math.min(8, end - 8 * byte);
    visit(byte, ((1 << to) - 1) & ~((1 << from) - 1));
    bit = 8 * (byte + 1);
  }
}
