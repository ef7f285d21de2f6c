// The library over fsl-pamu under 100,000 generated steps: every law after every step, on 32 and 64 bits.
//
// `IOMMUKIT_STEPS=1000000 npx vitest run integration/pamu-histories` runs more, IOMMUKIT_SEED repeats. The
// strict kernel: the vendor's leaves a device that no container has with all of memory.

import { fslPamu } from "@iommukit/fsl-pamu";
import { pamu } from "@iommukit/testkit";
import { COMMANDS, type HistoryMachine, historyOf, runHistories } from "@iommukit/testkit/model";
import { expect, inject, test } from "vitest";

const STEPS = Number(process.env["IOMMUKIT_STEPS"] ?? 100_000);
const LIMIT_MS = 60_000 + STEPS * 10;
const MIB = 1024 * 1024;

/** Commands of what this family has not, each with the reason; all others are run. */
const NOT_HERE: Readonly<Record<string, string>> = {
  "dirty tracking on or off": "the driver has no dirty tracking",
  "dirty pages": "the driver has no dirty tracking",
  invalidate: "the driver takes no new host addresses",
  supply: "the driver takes no new host addresses",
};

/** The vendor's commands, by their distance from VFIO_BASE. */
const CONTAINER_NAMES: Readonly<Record<number, string>> = {
  15: "VFIO_IOMMU_PAMU_GET_ATTR",
  16: "VFIO_IOMMU_PAMU_SET_ATTR",
  17: "VFIO_IOMMU_PAMU_GET_MSI_BANK_COUNT",
  18: "VFIO_IOMMU_PAMU_MAP_MSI_BANK",
  19: "VFIO_IOMMU_PAMU_UNMAP_MSI_BANK",
};

const MACHINES: readonly HistoryMachine[] = (["t4240", "p4080"] as const).map((soc) => ({
  name: `PAMU of the ${soc}`,
  machine: () =>
    pamu({
      soc,
      // Devices try every address: none may be cut off for it.
      violations: "report",
      blockedReads: "zeros",
      hugePages: new Map([[2 * MIB, 64]]),
      hugePageLayout: "contiguous",
    }),
  host: {},
  containerNames: CONTAINER_NAMES,
  windows: [{ first: 0, last: 255 }],
  mappingLimit: Number.POSITIVE_INFINITY,
  lockedLimit: Number.POSITIVE_INFINITY,
}));

test(
  "histories of PAMU: the laws hold after every step",
  async () => {
    const started = performance.now();
    const kinds = COMMANDS.filter(({ name }) => !Object.hasOwn(NOT_HERE, name));
    expect(COMMANDS.length - kinds.length).toBe(Object.keys(NOT_HERE).length);
    const report = await runHistories({
      backend: () => fslPamu({ type: 7 }),
      steps: STEPS,
      seed: inject("seed"),
      machines: MACHINES,
      history: historyOf(kinds),
    });
    const seconds = (performance.now() - started) / 1000;
    process.stdout.write(
      `histories of PAMU: ${report.steps} steps in ${report.histories} histories, seed ${inject("seed")}, ${seconds.toFixed(1)} s\n`,
    );
    expect(report.failure ?? "").toBe("");
    expect(report.steps).toBeGreaterThanOrEqual(STEPS);
  },
  LIMIT_MS,
);
