// Every numbered case of section 7 of docs/semantics/type1.md, on both simulated x86 machines.

import { describe, expect, test } from "vitest";
import { amdvi } from "../machines/amdvi.ts";
import { simulatedHost } from "../machines/simulated-host.ts";
import { vtd } from "../machines/vtd.ts";
import { CASES, runCase, simulatedCaseHost } from "./index.ts";

/** What these machines do not have, with the reason that the report gives. */
const NOT_APPLICABLE: Readonly<Record<number, string>> = {
  31: "this machine's interrupts are remapped",
  114: "no device here has MSI-X",
  129: "no device here has MSI-X",
  131: "no device here has MSI-X",
  137: "no device here has MSI-X",
  141: "every device here is on the root bus",
  143: "every device here is on the root bus",
  147: "no device here has virtual functions",
};

describe.each([
  ["sim/vtd", vtd],
  ["sim/amdvi", amdvi],
] as const)("%s", (_, machine) => {
  test.each(CASES.map((each) => [each.number, each.title, each] as const))(
    "case %d: %s",
    async (number, _title, each) => {
      const host = simulatedHost(machine(), { mediatedGroup: "present" });
      const result = await runCase(each, simulatedCaseHost(host));
      const reason = NOT_APPLICABLE[number];
      expect(result).toEqual(
        reason === undefined ? { kind: "ok" } : { kind: "not applicable", reason },
      );
      expect(host.inspect.openDescriptors()).toEqual([]);
      expect(host.inspect.pinnedPages()).toBe(0);
    },
  );
});

test("case 31 on a machine whose interrupts are not remapped", async () => {
  const host = simulatedHost(vtd({ vtd: { interruptRemapping: false } }));
  const each = CASES.find(({ number }) => number === 31);
  expect(each === undefined ? undefined : await runCase(each, simulatedCaseHost(host))).toEqual({
    kind: "ok",
  });
});

/** Every number of the paper's tables; the gaps are the paper's. */
const NUMBERS: Readonly<Record<string, string>> = {
  "7.1": "1 2 3 4 6 7 8 9 11 12 13 14 15 17 18 19 20 21 22 23 24 25 27 28 29 30 31 32 33",
  "7.2": "34 35 37 38 39 40 41",
  "7.3": "42 43 45 46 47 48 49 50 51 52 53 54 56 60 62 63 64 65 66",
  "7.4": "69 70 71 74 75 76 78 79 80 81 82 83 84",
  "7.5": "85 86 88 89 90 91 92",
  "7.6": "94 96 97 98 102 105 106 107 108 109 110 111",
};

test.each(Object.entries(NUMBERS))(
  "section %s: no case of the paper is missing",
  (section, all) => {
    const here = CASES.filter((each) => each.section === section).map(({ number }) => number);
    expect(here.join(" ")).toBe(all);
  },
);

test("the numbers are unique and the sections are those of the paper", () => {
  expect(new Set(CASES.map(({ number }) => number)).size).toBe(CASES.length);
  for (const { section } of CASES) expect(section).toMatch(/^7\.[1-7]$/);
});

test("behavior: a wrong expectation is reported with what came instead", async () => {
  const each = CASES.find(({ number }) => number === 1);
  const steps = each?.steps.map((step) => ({ ...step, expected: "ENOTTY" })) ?? [];
  const host = simulatedCaseHost(simulatedHost(vtd()));
  const wrong = { number: 0, section: "7.1", title: "wrong", from: "fresh", steps } as const;
  expect(await runCase(wrong, host)).toMatchObject({ kind: "failed", got: "EINVAL" });
});
