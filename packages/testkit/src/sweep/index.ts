// @iommukit/testkit/sweep: every call of every scenario fails in every way.

import type { Scenario } from "./scenario.ts";
import { DEVICE_SCENARIOS } from "./scenarios/devices.ts";
import { LIFE_SCENARIOS } from "./scenarios/life.ts";
import { MAPPING_SCENARIOS } from "./scenarios/mapping.ts";
import { MIGRATION_SCENARIOS } from "./scenarios/migration.ts";

export { type Injection, injectionsAt } from "./answers.ts";
export { type Scenario, Stage } from "./scenario.ts";
export { type SweepOptions, type SweepReport, sweep } from "./sweep.ts";

/** Programs that any backend must survive. */
export const SCENARIOS: readonly Scenario[] = [
  ...LIFE_SCENARIOS,
  ...MAPPING_SCENARIOS,
  ...DEVICE_SCENARIOS,
  ...MIGRATION_SCENARIOS,
];
