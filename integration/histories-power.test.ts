// sPAPR v2 under generated steps: every law after every step, on PHB4 and PHB3.
//
// `IOMMUKIT_STEPS=1000000 npx vitest run integration/histories-power` runs more, IOMMUKIT_SEED repeats.

import { spaprTce } from "@iommukit/spapr-tce";
import { POWER_HISTORY_MACHINES, runHistories } from "@iommukit/testkit/model";
import { expect, inject, test } from "vitest";

const STEPS = Number(process.env["IOMMUKIT_STEPS"] ?? 40_000);
/** Ten milliseconds a step is a machine that hangs. */
const LIMIT_MS = 60_000 + STEPS * 10;

test(
  "histories on POWER: the laws hold after every step",
  async () => {
    const started = performance.now();
    const report = await runHistories({
      backend: spaprTce,
      steps: STEPS,
      seed: inject("seed"),
      machines: POWER_HISTORY_MACHINES,
    });
    const seconds = (performance.now() - started) / 1000;
    process.stdout.write(
      `histories on POWER: ${report.steps} steps in ${report.histories} histories, seed ${inject("seed")}, ${seconds.toFixed(1)} s\n`,
    );
    expect(report.failure ?? "").toBe("");
    expect(report.steps).toBeGreaterThanOrEqual(STEPS);
  },
  LIMIT_MS,
);
