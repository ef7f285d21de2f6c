// sPAPR v2 under generated steps: every law after every step, on PHB4 and PHB3, and in an LPAR.
//
// `IOMMUKIT_STEPS=1000000 npx vitest run integration/histories-power` runs more, IOMMUKIT_SEED repeats.

import { spaprTce } from "@iommukit/spapr-tce";
import {
  LPAR_HISTORY_MACHINES,
  POWER_HISTORY_MACHINES,
  runHistories,
} from "@iommukit/testkit/model";
import { expect, inject, test } from "vitest";

const STEPS = Number(process.env["IOMMUKIT_STEPS"] ?? 40_000);
/** Ten milliseconds a step is a machine that hangs. */
const LIMIT_MS = 60_000 + STEPS * 10;

test.each([
  ["bare metal", POWER_HISTORY_MACHINES],
  ["an LPAR", LPAR_HISTORY_MACHINES],
] as const)(
  "histories on POWER, %s: the laws hold after every step",
  async (name, machines) => {
    const started = performance.now();
    const report = await runHistories({
      backend: spaprTce,
      steps: STEPS,
      seed: inject("seed"),
      machines,
    });
    const seconds = (performance.now() - started) / 1000;
    process.stdout.write(
      `histories on POWER, ${name}: ${report.steps} steps in ${report.histories} histories, seed ${inject("seed")}, ${seconds.toFixed(1)} s\n`,
    );
    expect(report.failure ?? "").toBe("");
    expect(report.steps).toBeGreaterThanOrEqual(STEPS);
  },
  LIMIT_MS,
);
