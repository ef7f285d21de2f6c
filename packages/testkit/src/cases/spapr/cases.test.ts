// Every numbered case of the sPAPR driver on the simulated POWER machines.

import { describe, expect, test } from "vitest";
import type { Machine } from "../../machines/machine.ts";
import { powernv, powernv64k } from "../../machines/powernv.ts";
import { pseries } from "../../machines/pseries.ts";
import { simulatedHost } from "../../machines/simulated-host.ts";
import { runCase, SPAPR_CASES, simulatedCaseHost } from "../index.ts";

const LPAR = "this kernel runs in an LPAR";
const METAL = "this kernel runs on bare metal";

const LPAR_ONLY = [82, 83, 84, 85, 109.1, 126, 127, 128, 129, 131, 132, 133, 134];
const METAL_ONLY = [22.4, 37, 86, 89, 95, 97, 101, 101.1, 102, 104, 105, 106, 107, 108];

const MACHINES: readonly (readonly [string, () => Machine, readonly number[], string])[] = [
  ["sim/powernv", powernv, LPAR_ONLY, METAL],
  ["sim/powernv-64k", powernv64k, LPAR_ONLY, METAL],
  ["sim/pseries", pseries, METAL_ONLY, LPAR],
];

describe.each(MACHINES)("%s", (_, machine, absent, reason) => {
  test.each(SPAPR_CASES.map((each) => [each.number, each.title, each] as const))(
    "case %d: %s",
    async (number, _title, each) => {
      const host = simulatedHost(machine());
      const result = await runCase(each, simulatedCaseHost(host));
      const applies = !absent.includes(number);
      // Without huge pages the reason that comes first is the missing ones.
      const why =
        reason === METAL && [82, 83, 84].includes(number) ? "there are no pages of 2 MiB" : reason;
      expect(result).toEqual(applies ? { kind: "ok" } : { kind: "not applicable", reason: why });
      expect(host.inspect.openDescriptors()).toEqual([]);
      expect(host.inspect.mappings()).toEqual([]);
    },
  );
});

/** Every number of the tables of section 9 but 9.8 (KVM). */
const NUMBERS: Readonly<Record<string, string>> = {
  "9.1": "1 2 3 4 5 7 8 9 10 12 14 15 17",
  "9.2": "18 19 20 21 22",
  "9.3": "24 25 26 27 28 29 31 32 34 35",
  "9.4": "36 37 38 39 40 41 42 43 45 46 47 48 49 51 52 53 55 57 58",
  "9.5": "59 60 61 62 64 65 66 67 69 70 71 73 75 77 78 79 80 82 83 84 85 86",
  "9.6": "87 88 89 90 91 92 94 95 97 100 101 102 104 105",
  "9.7": "106 107 108 109",
  "9.9": "126 127 128 129 131 133 134",
};

test.each(Object.entries(NUMBERS))("section %s: no case is missing", (section, all) => {
  const here = new Set(
    SPAPR_CASES.filter((each) => each.section === section).map(({ number }) => number),
  );
  for (const number of all.split(" ")) expect(here, number).toContain(Number(number));
});

test("the numbers are unique", () => {
  expect(new Set(SPAPR_CASES.map(({ number }) => number)).size).toBe(SPAPR_CASES.length);
});
