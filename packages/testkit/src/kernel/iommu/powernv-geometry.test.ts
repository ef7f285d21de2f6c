// The sizes that Linux 6.12 counted on powernv9 with pages of 4 KiB, in KiB of VmLck, and its answers.

import { describe, expect, test } from "vitest";
import { SimulatedCrash } from "../simulated-crash.ts";
import { powernvTableBytes, powernvTableShape } from "./powernv-geometry.ts";

const SHIFT_4K = 12;
const SHIFT_64K = 16;

type Row = readonly [shift: number, window: number, levels: number, answer: string, kib: number];

const SEEN: readonly Row[] = [
  [12, 31, 1, "made", 8192],
  [12, 33, 1, "made", 32768],
  [12, 34, 1, "too large", 65536],
  [12, 34, 2, "made", 65568],
  [12, 40, 2, "made", 4194560],
  [12, 40, 3, "made", 4198416],
  [12, 45, 3, "made", 134283296],
  [12, 50, 5, "invalid", 4303372328],
  [12, 12, 1, "made", 8],
  [12, 13, 1, "made", 8],
  [12, 21, 1, "made", 8],
  [16, 37, 1, "made", 32768],
  [16, 38, 1, "too large", 65536],
  [16, 50, 2, "made", 268437504],
  [16, 16, 1, "made", 8],
  [16, 25, 1, "made", 8],
  [16, 26, 2, "made", 24],
  [16, 26, 5, "invalid", 48],
  [21, 42, 1, "made", 32768],
  [21, 43, 1, "too large", 65536],
  [30, 51, 1, "made", 32768],
  [30, 52, 1, "too large", 65536],
  [30, 54, 2, "made", 262208],
  [30, 55, 1, "invalid", 524288],
  [30, 30, 1, "made", 8],
  [30, 30, 5, "invalid", 40],
];

describe("section 2.4", () => {
  test.each(SEEN)("pages of 2^%d, a window of 2^%d, %d levels: %s, %d kB", (...row) => {
    const [shift, window, levels, answer, kib] = row;
    expect(powernvTableBytes(shift, 1n << BigInt(window), levels, SHIFT_4K)).toBe(kib * 1024);
    const shape = powernvTableShape(shift, 1n << BigInt(window), levels, SHIFT_4K);
    expect(typeof shape === "string" ? shape : "made").toBe(answer);
  });

  test.each([
    ["no level", 12, 1n << 30n, 0],
    ["six levels", 12, 1n << 30n, 6],
    ["nothing", 12, 0n, 1],
    ["no power of two", 12, 3n << 20n, 1],
    ["a sixteenth of a page", 16, 1n << 12n, 1],
  ])("%s has no size", (_, shift, window, levels) => {
    expect(powernvTableBytes(shift, window, levels, SHIFT_4K)).toBe(0);
  });

  test("an eighth of a page is the smallest window, of 512 entries or 8192", () => {
    const shape = (hostShift: number): unknown => powernvTableShape(16, 1n << 13n, 1, hostShift);
    expect(powernvTableBytes(16, 1n << 13n, 1, SHIFT_4K)).toBe(8192);
    expect(shape(SHIFT_4K)).toMatchObject({ entries: 512, indexBits: 9 });
    expect(shape(SHIFT_64K)).toMatchObject({ entries: 8192, indexBits: 13 });
  });

  test("error: what is undefined in C ends the run", () => {
    expect(() => powernvTableBytes(16, 1n << 13n, 2, SHIFT_4K)).toThrow(SimulatedCrash);
    expect(powernvTableBytes(16, 1n << 15n, 2, SHIFT_4K)).toBeGreaterThan(0);
  });
});
