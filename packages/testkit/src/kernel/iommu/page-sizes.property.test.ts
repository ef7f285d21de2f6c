import fc from "fast-check";
import { expect, test } from "vitest";
import { coveringPower } from "./covering-power.ts";
import { PageSizes } from "./page-sizes.ts";

const INTEL = 0x4020_1000n;
const AMD = 0x000f_ff7f_ffff_f000n;
const frame = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 52n - 1n }),
  fc
    .tuple(fc.bigInt({ min: 0n, max: 0xfffn }), fc.integer({ min: 0, max: 40 }))
    .map(([value, shift]) => value << BigInt(shift)),
);

/** The rule as it is written down, with bigints. */
function largest(bitmap: bigint, iova: bigint, physical: bigint, left: bigint): number {
  let best = 0;
  for (let order = 0; order < 52; order++) {
    const size = 1n << BigInt(order);
    const offered = ((bitmap >> BigInt(order + 12)) & 1n) === 1n;
    if (offered && size <= left && iova % size === 0n && physical % size === 0n) best = order;
  }
  return best;
}

test("the largest size that alignment, length and bitmap allow", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(INTEL, AMD, 0x1000n),
      frame,
      frame,
      fc.oneof(fc.bigInt({ min: 1n, max: 2000n }), fc.bigInt({ min: 1n, max: 2n ** 52n })),
      (bitmap, iova, physical, left) => {
        const picked = new PageSizes(bitmap).pick(Number(iova), Number(physical), Number(left));
        expect(picked).toBe(largest(bitmap, iova, physical, left));
      },
    ),
    { numRuns: 2000 },
  );
});

test("AMD leaves out 512 GiB, and 4 KiB is always needed", () => {
  expect(new PageSizes(AMD).pick(0, 0, 2 ** 27)).toBe(26);
  expect(new PageSizes(AMD).pick(0, 0, 2 ** 28)).toBe(28);
  expect(() => new PageSizes(0x20_0000n)).toThrow(RangeError);
});

test("the covering block is the smallest aligned one that holds the range", () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 5000 }),
      fc.integer({ min: 1, max: 3000 }),
      fc.constantFrom(0, 2 ** 40),
      (offset, frames, base) => {
        const first = base + offset;
        const holds = (power: number): boolean =>
          first - (first % 2 ** power) + 2 ** power >= first + frames;
        const power = coveringPower(first, frames);
        expect(holds(power)).toBe(true);
        if (power > 0) expect(holds(power - 1)).toBe(false);
      },
    ),
  );
});
