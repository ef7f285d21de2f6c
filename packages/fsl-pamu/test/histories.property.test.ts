// Generated histories of one container: after every step devices reach what is mapped and nothing else.
//
// What is held here, by the properties' usual names: partition, translation and isolation of what
// devices reach; unmapping gives back what mapping took; a refused call changes nothing; devices
// run exactly while RAM is mapped; a stash target changes no mapping; the access of one window is
// no other's.

import { fc, test } from "@fast-check/vitest";
import { afterAll, describe, expect } from "vitest";
import { type HistoryMachine, HistoryWorld, WINDOWS } from "./history-world.ts";

type Step =
  | {
      readonly do: "map";
      readonly window: number;
      readonly count: number;
      readonly page: number;
      readonly access: "read" | "write" | "read-write";
    }
  | { readonly do: "unmap"; readonly window: number; readonly whole: boolean }
  | { readonly do: "bank" | "no bank"; readonly bank: number; readonly window: number }
  | { readonly do: "group" }
  | { readonly do: "stash"; readonly cpu: number; readonly cache: "L1" | "L2" | "L3" };

const window = fc.nat({ max: WINDOWS - 1 });
const map = fc.record({
  do: fc.constant("map" as const),
  window,
  count: fc.integer({ min: 1, max: 4 }),
  page: fc.nat({ max: 20 }),
  access: fc.constantFrom("read" as const, "write" as const, "read-write" as const),
});
const unmap = fc.record({ do: fc.constant("unmap" as const), window, whole: fc.boolean() });
const bank = fc.record({
  do: fc.constantFrom("bank" as const, "no bank" as const),
  bank: fc.nat({ max: 2 }),
  window,
});
const stash = fc.record({
  do: fc.constant("stash" as const),
  cpu: fc.nat({ max: 7 }),
  cache: fc.constantFrom("L1" as const, "L2" as const, "L3" as const),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: map, weight: 6 },
  { arbitrary: unmap, weight: 5 },
  { arbitrary: bank, weight: 3 },
  { arbitrary: fc.constant({ do: "group" as const }), weight: 1 },
  { arbitrary: stash, weight: 1 },
);

function take(world: HistoryWorld, each: Step): string {
  switch (each.do) {
    case "map":
      return world.map(each.window, each.count, each.page, each.access);
    case "unmap":
      return world.unmap(each.window, each.whole);
    case "bank":
      return world.mapBank(each.bank, each.window);
    case "no bank":
      return world.unmapBank(each.bank);
    case "group":
      return world.toggleGroup();
    case "stash":
      return world.stash(each.cpu, each.cache);
  }
}

/** What to look at after a step: the window it named, and two others. */
function looked(each: Step, index: number): readonly number[] {
  const named = "window" in each ? each.window : index % WINDOWS;
  return [named, (named + 1) % WINDOWS, (index * 7) % WINDOWS];
}

const MACHINES: readonly HistoryMachine[] = [
  { soc: "p4080", mode: "sdk-compat" },
  { soc: "t4240", mode: "strict" },
  { soc: "t4240", mode: "sdk-compat" },
  { soc: "p4080", mode: "strict" },
];
const HISTORIES = 16;
const LENGTH = 70;

let steps = 0;

/** Plain throws: tens of thousands of assertions of vitest's would cost more than the history. */
function demand(index: number, each: Step, wrong: string): void {
  if (wrong !== "") throw new Error(`step ${index}, ${JSON.stringify(each)}: ${wrong}`);
}

describe.each(MACHINES)("$soc, $mode", (machine) => {
  test.prop([fc.array(step, { minLength: LENGTH, maxLength: LENGTH })], { numRuns: HISTORIES })(
    "histories: every device reaches what is mapped, after every step",
    (history) => {
      const world = new HistoryWorld(machine);
      for (const [index, each] of history.entries()) {
        demand(index, each, take(world, each));
        for (const at of looked(each, index)) demand(index, each, world.check(at));
        steps++;
      }
      expect(world.close()).toBe("");
    },
  );
});

afterAll(() => {
  process.stdout.write(`PAMU histories: ${steps} steps\n`);
  expect(steps).toBeGreaterThanOrEqual(MACHINES.length * HISTORIES * LENGTH);
});
