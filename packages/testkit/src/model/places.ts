// Where histories map: pages around the edges of windows and of large pages, so that ranges collide.

import fc from "fast-check";
import { type PageRange, pageRange } from "../arbitraries/ranges.ts";

/** Most ranges meet each other here: the start, a 2 MiB edge, the end below the MSI range. */
const COMMON: readonly number[] = [0, 0x1f0, 0xfede8];
/** The MSI range itself, 1 GiB, the ends of the machines' windows, and of 64 bits. */
const RARE: readonly number[] = [
  0xfee80,
  0xfeef0,
  0x3fff0,
  2 ** 27 - 24,
  0xfcf_fff0,
  0x1000_0000,
  2 ** 36 - 12,
  2 ** 51,
  2 ** 52 - 30,
];

/** A range of pages, mostly where others are. */
export function place(most: number): fc.Arbitrary<PageRange> {
  return fc.oneof(
    { weight: 5, arbitrary: pageRange(COMMON, most) },
    { weight: 1, arbitrary: pageRange(RARE, most) },
  );
}

/** A slot: the nth of what is live, counted modulo. */
export const slot: () => fc.Arbitrary<number> = () => fc.nat(3);

/** Bytes added to an address so that it is no page's: nearly always none. */
export function skew(): fc.Arbitrary<number> {
  return fc.oneof(
    { weight: 24, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.constantFrom(1, 2048, 4095) },
  );
}

export function hex(page: number): string {
  return `0x${(BigInt(page) * 4096n).toString(16)}`;
}
