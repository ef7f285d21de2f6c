// One conformance case: a name that states the rule, and a function that throws when it is broken.

import type { CapabilityName } from "@iommukit/core";
import type { World } from "./world.ts";

export interface ConformanceCase {
  /** `area: statement`; what `notApplicable` names. */
  readonly name: string;
  /** Runs only where this is offered; elsewhere it is counted as not claimed. */
  readonly claims?: CapabilityName;
  /** Devices that it needs, each in a group of its own. Default 1. */
  readonly devices?: number;
  readonly run: (world: World) => void | Promise<void>;
}
