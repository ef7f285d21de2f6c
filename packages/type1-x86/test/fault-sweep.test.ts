// Every system call of every scenario goes wrong in turn; whatever happens, nothing is left behind.

import { amdvi, vtd } from "@iommukit/testkit";
import { SCENARIOS, type SweepReport, sweep } from "@iommukit/testkit/sweep";
import { type1 } from "@iommukit/type1-x86";
import { afterAll, describe, expect, test } from "vitest";

/** Half a minute on a quiet machine; eight minutes beside twenty busy processes on two cores. */
const SWEEP_LIMIT_MS = 900_000;

const reports: SweepReport[] = [];

describe.each([
  ["sim/vtd", () => vtd({ functionReset: "offered" })],
  ["sim/amdvi", () => amdvi()],
] as const)("fault sweep on %s", (name, machine) => {
  test(
    "every call answers every errno, odd numbers and lies: typed errors, nothing left",
    async () => {
      const report = await sweep({ machine, backend: type1, scenarios: SCENARIOS });
      reports.push(report);
      const { covered, sites, runs, scenarios } = report;
      process.stdout.write(
        `fault sweep on ${name}: ${scenarios} scenarios, ${covered} / ${sites} sites covered, ${runs} injected runs\n`,
      );
      expect(report.findings).toEqual([]);
      expect(scenarios).toBe(SCENARIOS.length);
      expect(scenarios).toBeGreaterThanOrEqual(20);
      expect(covered).toBe(sites);
    },
    SWEEP_LIMIT_MS,
  );
});

afterAll(() => {
  const runs = reports.reduce((sum, report) => sum + report.runs, 0);
  process.stdout.write(`fault sweep: ${runs} injected runs in all\n`);
  expect(runs).toBeGreaterThanOrEqual(20_000);
});
