// a region that goes keeps its charge

import type { Mutant } from "../mutant.ts";

export const POWER_REGISTRATION_CHARGE_LEAKS: Mutant = {
  name: "power-registration-charge-leaks",
  family: "power",
  where: "kernel",
  bug: "a region that goes keeps its charge",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/drivers/spapr/regions.ts",
    find: "giveBack(this.#process, region.pages * PAGE, this.#hostShift);",
    replace: "giveBack(this.#process, 0 * region.pages, this.#hostShift);",
  },
};
