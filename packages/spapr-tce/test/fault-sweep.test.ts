// Every system call of every scenario goes wrong in turn; whatever happens, nothing is left behind.

import { spaprTce } from "@iommukit/spapr-tce";
import { powernv, powernv64k, pseries } from "@iommukit/testkit";
import { SCENARIOS, type Scenario, sweep } from "@iommukit/testkit/sweep";
import { describe, expect, test } from "vitest";
import { SPAPR_SCENARIOS } from "./sweep-scenarios.ts";

/** Half a minute on a quiet machine; eight minutes beside twenty busy processes on two cores. */
const SWEEP_LIMIT_MS = 900_000;

const HUGE_PAGES = { hugePages: new Map([[2 * 1024 * 1024, 64]]) };

/** Scenarios that cannot be played, each with its reason. */
const V2 = {
  "run into the limit of mappings": "sPAPR counts no mappings",
  "run into the limit of locked memory": "its limit is below one table; see 'too little to lock'",
};
const ONE_GROUP = {
  "open with three groups": "one group",
  "a group joins and leaves": "one group",
  "the second backend is the one that fits": "one group",
  "close with everything open": "one group",
  "devices of two groups": "one group",
  "a group with an open device stays": "one group",
};

function playable(
  scenarios: readonly Scenario[],
  excluded: Readonly<Record<string, string>>,
): readonly Scenario[] {
  const names = scenarios.map(({ name }) => name);
  for (const name of Object.keys(excluded)) expect(names).toContain(name);
  return scenarios.filter(({ name }) => !Object.hasOwn(excluded, name));
}

const ALL = [...SCENARIOS, ...SPAPR_SCENARIOS];

describe.each([
  ["v2 on sim/powernv", () => powernv(HUGE_PAGES), 2, ALL, V2],
  ["v2 on sim/powernv-64k", () => powernv64k(), 2, SPAPR_SCENARIOS, {}],
  ["v2 on sim/pseries", () => pseries(), 2, SPAPR_SCENARIOS, {}],
  ["v1 on sim/powernv", () => powernv(HUGE_PAGES), 1, SCENARIOS, { ...V2, ...ONE_GROUP }],
] as const)("fault sweep of %s", (name, machine, version, scenarios, excluded) => {
  test(
    "every call answers every errno, odd numbers and lies: typed errors, nothing left",
    async () => {
      const report = await sweep({
        machine,
        backend: () => spaprTce({ version }),
        scenarios: playable(scenarios, excluded),
        neighbours: "merged",
      });
      const { covered, sites, runs } = report;
      process.stdout.write(
        `fault sweep of ${name}: ${report.scenarios} scenarios, ${covered} / ${sites} sites covered, ${runs} injected runs\n`,
      );
      expect(report.findings).toEqual([]);
      for (const each of report.notOffered)
        expect(each).toMatch(/: (dirty-tracking|update-vaddr)$/);
      expect(report.scenarios).toBe(
        scenarios.length - Object.keys(excluded).length - report.notOffered.length,
      );
      expect(covered).toBe(sites);
    },
    SWEEP_LIMIT_MS,
  );
});
