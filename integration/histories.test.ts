// Type1 under 200,000 generated steps: every law after every step, on VT-d and AMD-Vi.
//
// `IOMMUKIT_STEPS=5000000 npx vitest run integration/histories.test.ts` runs more, IOMMUKIT_SEED repeats.

import { runHistories } from "@iommukit/testkit/model";
import { type1 } from "@iommukit/type1-x86";
import { expect, inject, test } from "vitest";

const STEPS = Number(process.env["IOMMUKIT_STEPS"] ?? 200_000);
/** Ten milliseconds a step is a machine that hangs. */
const LIMIT_MS = 60_000 + STEPS * 10;

test(
  "histories: the laws hold after every step",
  async () => {
    const started = performance.now();
    const report = await runHistories({ backend: type1, steps: STEPS, seed: inject("seed") });
    const seconds = (performance.now() - started) / 1000;
    process.stdout.write(
      `histories: ${report.steps} steps in ${report.histories} histories, seed ${inject("seed")}, ${seconds.toFixed(1)} s\n`,
    );
    expect(report.failure ?? "").toBe("");
    expect(report.steps).toBeGreaterThanOrEqual(STEPS);
  },
  LIMIT_MS,
);
