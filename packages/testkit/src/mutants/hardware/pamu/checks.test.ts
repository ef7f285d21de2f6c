// The hunters of hardware mutants find nothing in the hardware as it is.

import fc from "fast-check";
import { expect, test } from "vitest";
import { PAMU_HARDWARE_MUTANTS } from "./all.ts";
import { PAMU_HARDWARE_CHECKS } from "./checks.ts";

test.each(PAMU_HARDWARE_CHECKS)("$name", ({ run }) => {
  fc.assert(
    fc.property(fc.integer(), (seed) => run(seed)),
    { numRuns: 20, endOnFailure: true },
  );
});

test("each mutant has a name of its own", () => {
  const names = PAMU_HARDWARE_MUTANTS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
