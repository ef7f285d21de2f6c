// Numbers where arithmetic breaks: powers of two that some hardware or struct ends at, give or take.
//
// In bytes and in pages. The list is that of reliability catalogues: every power here has had its bug.

import fc from "fast-check";

const PAGE = 4096n;
const POWERS: readonly number[] = [12, 16, 21, 24, 30, 31, 32, 36, 39, 47, 48, 52, 57, 59, 63, 64];
const STEPS: readonly bigint[] = [0n, 1n, -1n, PAGE, -PAGE];
const TOP = 1n << 64n;

/** 0, 1, a page and every power with its neighbours, as far as they fit in 64 bits. */
export const EDGE_ADDRESSES: readonly bigint[] = [
  ...new Set([
    ...[0n, 1n, PAGE - 1n, PAGE, PAGE + 1n],
    ...POWERS.flatMap((power) => STEPS.map((step) => (1n << BigInt(power)) + step)),
  ]),
].filter((value) => value >= 0n && value < TOP);

/** Any 64-bit value, mostly one of the edges. */
export function edgeAddress(): fc.Arbitrary<bigint> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...EDGE_ADDRESSES) },
    { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: TOP - 1n }) },
  );
}

/** A whole page's address around an edge. */
export function edgePage(): fc.Arbitrary<bigint> {
  return edgeAddress().map((address) => (address / PAGE) * PAGE);
}

/** Values that are no 64-bit unsigned number, of every type that a caller may pass. */
export const NOT_ADDRESSES: readonly unknown[] = [
  -1n,
  -PAGE,
  TOP,
  TOP + PAGE,
  -(1n << 63n),
  -0,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  -1,
  2 ** 53,
  "4096",
  "0x1000",
  null,
  undefined,
  true,
  {},
  [],
  Symbol.iterator,
];
