// P9: what is handed out is disjoint and inside, and comes back whole.

import fc from "fast-check";
import { expect, test } from "vitest";
import { SpaacePool } from "./spaace-pool.ts";

const SIZE = 2048;

/** A count to allocate, or which live run to free. */
const steps = fc.array(
  fc.oneof(
    fc.record({ take: fc.constantFrom(1, 3, 7, 15, 63, 127, 255) }),
    fc.record({ free: fc.nat(30) }),
  ),
  { maxLength: 60 },
);

test("rule P9: live runs are disjoint and inside, first fit, and freed ones fit again", () => {
  fc.assert(
    fc.property(steps, (history) => {
      const pool = new SpaacePool(SIZE);
      const owner = new Int32Array(SIZE).fill(-1);
      const live: { first: number; count: number }[] = [];
      for (const [nth, step] of history.entries()) {
        if ("free" in step) {
          const [run] = live.splice(step.free % Math.max(1, live.length), 1);
          if (run === undefined) continue;
          pool.free(run.first);
          owner.fill(-1, run.first, run.first + run.count);
          expect(pool.allocate(run.count)).toBe(firstHole(owner, run.count));
          pool.free(firstHole(owner, run.count) ?? -1);
          continue;
        }
        const first = pool.allocate(step.take);
        expect(first).toBe(firstHole(owner, step.take));
        if (first === undefined) continue;
        owner.fill(nth, first, first + step.take);
        live.push({ first, count: step.take });
      }
      expect(pool.inUse).toBe(owner.filter((each) => each >= 0).length);
    }),
    { numRuns: 400 },
  );
});

test("rule P11: an exchange that does not fit changes nothing", () => {
  const pool = new SpaacePool(16);
  const [a, b] = [pool.allocate(7), pool.allocate(7)];
  expect([a, b]).toEqual([0, 7]);
  expect(pool.exchange([0], [15])).toBeUndefined();
  expect(pool.exchange([0, 7], [7, 7, 7])).toBeUndefined();
  expect(pool.runs).toEqual([
    { first: 0, count: 7 },
    { first: 7, count: 7 },
  ]);
  expect(pool.exchange([0, 7], [15])).toEqual([0]);
});

test("what nobody took cannot be given back", () => {
  expect(() => new SpaacePool(4).free(0)).toThrow("begins at 0");
});

/** Entry by entry: the lowest index with `count` free neighbours. */
function firstHole(owner: Int32Array, count: number): number | undefined {
  let free = 0;
  for (const [index, each] of owner.entries()) {
    free = each < 0 ? free + 1 : 0;
    if (free === count) return index - count + 1;
  }
  return undefined;
}
