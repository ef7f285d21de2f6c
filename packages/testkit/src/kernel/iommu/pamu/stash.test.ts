import { expect, test } from "vitest";
import { P4080, T4240 } from "./soc.ts";
import { stashId } from "./stash.ts";

test.each([
  [3, 1, 38],
  [3, 2, 39],
  [3, 3, 1],
  [99, 1, undefined],
  [99, 2, undefined],
  [99, 3, 1],
  [3, 4, undefined],
])("case 61: P4080, CPU %d, cache %d: stash id %s", (cpu, cache, id) => {
  expect(stashId(P4080, cpu, cache)).toBe(id);
});

test("section 1.10: e6500 has an L1 for each core and an L2 for each cluster of four cores", () => {
  expect([0, 1, 2, 7, 8, 23].map((cpu) => stashId(T4240, cpu, 1))).toEqual([
    32, 32, 34, 38, 40, 54,
  ]);
  expect([0, 7, 8, 15, 16, 23].map((cpu) => stashId(T4240, cpu, 2))).toEqual([
    33, 33, 35, 35, 37, 37,
  ]);
  expect(stashId(T4240, 24, 1)).toBeUndefined();
});
