// One seed for all property tests of a run, printed so that the run can be repeated.
//
// `IOMMUKIT_SEED=1234 npx vitest run` uses that seed; without it each run takes a new one.

import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    readonly seed: number;
  }
}

export default function chooseSeed(project: TestProject): void {
  const given = process.env["IOMMUKIT_SEED"];
  const seed = given === undefined ? Date.now() % 0x7fff_ffff : Number(given);
  if (!Number.isInteger(seed)) throw new TypeError(`IOMMUKIT_SEED is no integer: ${given}`);
  console.log(`property tests: seed ${seed} (repeat with IOMMUKIT_SEED=${seed})`);
  project.provide("seed", seed);
}
