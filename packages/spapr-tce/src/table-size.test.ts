// The kernel's table arithmetic, against what a real kernel was seen to charge and refuse.

import { describe, expect, test } from "vitest";
import { type TableMaker, tableBytes, tableProblem } from "./table-size.ts";

const POWERNV: TableMaker = { tables: "levelled", kernelPageSize: 4096 };
const PSERIES: TableMaker = { tables: "flat", kernelPageSize: 4096 };
const shape = (shift: number, log: number, levels: number) => ({
  shift,
  size: 1n << BigInt(log),
  levels,
});

/** Seen on Linux 6.12 powernv9 with 4 KiB pages: page shift, log2 of the size, levels, kB charged. */
const CHARGED: readonly (readonly [number, number, number, number])[] = [
  [12, 31, 1, 8192],
  [12, 33, 1, 32_768],
  [12, 34, 2, 65_568],
  [12, 40, 2, 4_194_560],
  [12, 40, 3, 4_198_416],
  [12, 45, 3, 134_283_296],
  [12, 12, 1, 8],
  [12, 13, 1, 8],
  [12, 21, 1, 8],
  [16, 37, 1, 32_768],
  [16, 50, 2, 268_437_504],
  [16, 16, 1, 8],
  [16, 25, 1, 8],
  [16, 26, 2, 24],
  [16, 30, 1, 256],
  [21, 42, 1, 32_768],
  [30, 51, 1, 32_768],
  [30, 54, 2, 262_208],
  [30, 30, 1, 8],
];

describe("powernv", () => {
  test.each(CHARGED)("pages 2^%d, window 2^%d, %d levels: %d kB", (shift, log, levels, kB) => {
    expect(tableBytes(POWERNV, shape(shift, log, levels))).toBe(BigInt(kB) * 1024n);
    expect(tableProblem(POWERNV, shape(shift, log, levels))).toBeUndefined();
  });

  // What the kernel charged, refused, and never gave back.
  test.each([
    [12, 34, 1, "piece-too-large", 65_536],
    [12, 50, 5, "too-deep", 4_303_372_328],
    [16, 38, 1, "piece-too-large", 65_536],
    [16, 26, 5, "too-deep", 48],
    [21, 43, 1, "piece-too-large", 65_536],
    [30, 52, 1, "piece-too-large", 65_536],
    [30, 55, 1, "too-deep", 524_288],
    [30, 30, 5, "too-deep", 40],
  ] as const)("pages 2^%d, window 2^%d, %d levels: %s", (shift, log, levels, problem, kB) => {
    expect(tableProblem(POWERNV, shape(shift, log, levels))).toBe(problem);
    expect(tableBytes(POWERNV, shape(shift, log, levels))).toBe(BigInt(kB) * 1024n);
  });
});

test.each([
  [12, 30, 2048],
  [16, 30, 128],
  [21, 36, 256],
  [21, 30, 4],
  [21, 29, 0],
])("pseries: pages 2^%d, window 2^%d: %d kB", (shift, log, kB) => {
  expect(tableBytes(PSERIES, shape(shift, log, 1))).toBe(BigInt(kB) * 1024n);
  expect(tableProblem(PSERIES, shape(shift, log, 1))).toBeUndefined();
});

test("behavior: a kernel of 64 KiB pages makes pieces of at least 64 KiB", () => {
  const large: TableMaker = { tables: "levelled", kernelPageSize: 65_536 };
  expect(tableBytes(large, shape(12, 12, 1))).toBe(2n * 65_536n);
  expect(tableBytes(large, shape(12, 31, 1))).toBe(8n * 1024n * 1024n);
  expect(tableBytes(large, shape(12, 36, 2))).toBe(2n * (128n * 1024n * 1024n + 65_536n));
});
