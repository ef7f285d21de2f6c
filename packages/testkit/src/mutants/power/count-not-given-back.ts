// a cleared TCE leaves its region counted as mapped

import type { Mutant } from "../mutant.ts";

export const POWER_COUNT_NOT_GIVEN_BACK: Mutant = {
  name: "power-count-not-given-back",
  family: "power",
  where: "kernel",
  bug: "a cleared TCE leaves its region counted as mapped",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/drivers/spapr/clear.ts",
    find: "region.mapped -= 1;",
    replace: "region.mapped -= 0;",
  },
};
