// 100,000 random calls and accesses on the strict kernel, each judged by the model (P3, P4, P9 to P11).
//
// `IOMMUKIT_STEPS=1000000 npx vitest run packages/testkit/src/kernel/drivers/pamu/histories` runs more.

import fc from "fast-check";
import { expect, inject, test } from "vitest";
import { pamuSteps } from "../../testing/pamu-steps.ts";
import { PamuWorld } from "../../testing/pamu-world.ts";

const STEPS = Number(process.env["IOMMUKIT_STEPS"] ?? 100_000);
const PER_HISTORY = 240;
const LIMIT_MS = 60_000 + STEPS * 5;

test(
  "rules P3, P4, P9, P10, P11: the strict kernel does what the model does",
  () => {
    let steps = 0;
    let histories = 0;
    const started = performance.now();
    const property = fc.property(pamuSteps(PER_HISTORY), (history) => {
      if (steps >= STEPS) return;
      const world = new PamuWorld(histories % 2 === 0 ? "p4080" : "t4240", histories + 1);
      for (const step of history) world.step(step);
      world.close();
      steps += history.length;
      histories += 1;
    });
    fc.assert(property, {
      seed: inject("seed"),
      numRuns: Math.ceil((3 * STEPS) / PER_HISTORY),
      interruptAfterTimeLimit: LIMIT_MS,
      markInterruptAsFailure: true,
    });
    const seconds = (performance.now() - started) / 1000;
    process.stdout.write(
      `PAMU histories: ${steps} steps in ${histories} histories, seed ${inject("seed")}, ${seconds.toFixed(1)} s\n`,
    );
    expect(steps).toBeGreaterThanOrEqual(STEPS);
  },
  LIMIT_MS,
);
