// Every system call of every scenario goes wrong in turn; whatever happens, nothing is left behind.

import { fslPamu } from "@iommukit/fsl-pamu";
import { pamu } from "@iommukit/testkit";
import { SCENARIOS, type SweepReport, sweep } from "@iommukit/testkit/sweep";
import { afterAll, describe, expect, test } from "vitest";
import { PAMU_SCENARIOS } from "./scenarios.ts";

/** Half a minute on a quiet machine; eight minutes beside twenty busy processes on two cores. */
const SWEEP_LIMIT_MS = 900_000;

/** Scenarios of the portable set that say nothing about a PAMU, each with its reason. */
const NOT_HERE: Readonly<Record<string, string>> = {
  "run into the limit of mappings": "the limit is a parameter of vfio_iommu_type1",
  "allocate small and huge memory": "QorIQ cores have no pages of 2 MiB, and the aperture is 1 MiB",
};
/** The vendor's commands, by their distance from VFIO_BASE. */
const COMMANDS: Readonly<Record<number, string>> = {
  15: "VFIO_IOMMU_PAMU_GET_ATTR",
  16: "VFIO_IOMMU_PAMU_SET_ATTR",
  17: "VFIO_IOMMU_PAMU_GET_MSI_BANK_COUNT",
  18: "VFIO_IOMMU_PAMU_MAP_MSI_BANK",
  19: "VFIO_IOMMU_PAMU_UNMAP_MSI_BANK",
};
const COMMON = SCENARIOS.filter(({ name }) => !Object.hasOwn(NOT_HERE, name));
const reports: SweepReport[] = [];

test("every scenario that is left out is one", () => {
  expect(SCENARIOS.length - COMMON.length).toBe(Object.keys(NOT_HERE).length);
});

describe.each([
  [
    "p4080, sdk-compat",
    () => pamu({ soc: "p4080", mode: "sdk-compat", functionReset: "offered" }),
    "merged",
  ],
  ["t4240, strict", () => pamu({ soc: "t4240", mode: "strict" }), "kept"],
] as const)("fault sweep on %s", (name, machine, neighbours) => {
  test(
    "every call answers every errno, odd numbers and lies: typed errors, nothing left",
    async () => {
      const backend = () => fslPamu({ type: 7 });
      const scenarios = [...COMMON, ...PAMU_SCENARIOS];
      const report = await sweep({
        machine,
        backend,
        scenarios,
        neighbours,
        containerNames: COMMANDS,
      });
      reports.push(report);
      const { covered, sites, runs } = report;
      process.stdout.write(
        `fault sweep on ${name}: ${report.scenarios} scenarios, ${covered} / ${sites} sites covered, ${runs} injected runs\n`,
      );
      expect(report.findings).toEqual([]);
      expect(report.scenarios).toBeGreaterThanOrEqual(30);
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
