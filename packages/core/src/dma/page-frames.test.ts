import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { hostFrames, wholeFrames } from "./page-frames.ts";

describe.each([
  ["wholeFrames", wholeFrames],
  ["hostFrames", hostFrames],
])("%s", (_, frames) => {
  property.prop([fc.bigInt({ min: 0n, max: 2n ** 52n - 1n })])(
    "behavior: exact for every page of 64 bits",
    (frame) => {
      expect(frames(frame << 12n)).toBe(Number(frame));
    },
  );

  test.each([2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 52n - 1n])(
    "edge: frame %d, around where an integer of 32 bits ends",
    (frame) => {
      expect(frames(frame << 12n)).toBe(Number(frame));
    },
  );

  property.prop([fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })])(
    "edge: an address inside a page is none",
    (address) => {
      const expected = address % 4096n === 0n ? Number(address >> 12n) : -1;
      expect(frames(address)).toBe(expected);
    },
  );

  test.each([
    ["negative", -4096n],
    ["2^64, which wraps to 0", 2n ** 64n],
    ["2^64 and a page", 2n ** 64n + 4096n],
    ["a number", 4096],
    ["a string", "4096"],
    ["undefined", undefined],
    ["null", null],
  ])("error: %s is no address", (_, value) => {
    expect(frames(value)).toBe(-1);
  });
});
