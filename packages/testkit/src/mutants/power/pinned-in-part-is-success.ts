// a registration that stops at a bad page answers 0

import type { Mutant } from "../mutant.ts";

export const POWER_PINNED_IN_PART_IS_SUCCESS: Mutant = {
  name: "power-pinned-in-part-is-success",
  family: "power",
  where: "kernel",
  bug: "a registration that stops at a bad page answers 0",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/drivers/spapr/regions.ts",
    find: "return pinned === 0 ? -EFAULT : pinned;",
    replace: "return pinned === 0 ? -EFAULT : 0;",
  },
};
