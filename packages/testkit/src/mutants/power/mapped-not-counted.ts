// a region does not know that it is mapped

import type { Mutant } from "../mutant.ts";

export const POWER_MAPPED_NOT_COUNTED: Mutant = {
  name: "power-mapped-not-counted",
  family: "power",
  where: "kernel",
  bug: "a region does not know that it is mapped",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/drivers/spapr/map.ts",
    find: "  region.mapped += 1;",
    replace: "  region.mapped += 0;",
  },
};
