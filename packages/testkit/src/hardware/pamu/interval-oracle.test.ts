// P3, P4, P5: a million random accesses, judged by the hardware and by intervals.
//
// IOMMUKIT_PAMU_ACCESSES=10000000 makes it ten million.

import fc from "fast-check";
import { expect, test } from "vitest";
import { agree } from "./testing/agreement.ts";

const ACCESSES = Number(process.env["IOMMUKIT_PAMU_ACCESSES"] ?? 1_000_000);
const WORLDS = 50;

/** Groups of bits of AVS1: PDV, GCV, LAV, WAV, APV, OTV. */
const GROUPS = [0x4000, 0x2000, 0x1c00, 0x0380, 0x0078, 0x0006];

test("P3, P4, P5: hardware and intervals agree", () => {
  const codes = new Set<number>();
  let passed = 0;
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const seen = agree(seed, ACCESSES / WORLDS);
      passed += seen.passed;
      for (const code of seen.codes) codes.add(code);
    }),
    { numRuns: WORLDS, endOnFailure: true },
  );
  // The detector's power: both answers are common, and every code that a plan can give was seen.
  expect(passed).toBeGreaterThan(ACCESSES / 20);
  expect([...codes].sort((a, b) => a - b)).toEqual([
    0x02, 0x04, 0x06, 0x08, 0x10, 0x18, 0x20, 0x28, 0x80, 0x180, 0x200, 0x280, 0x400, 0x800,
  ]);
  for (const code of codes) expect(GROUPS.filter((group) => (code & group) !== 0)).toHaveLength(1);
});
