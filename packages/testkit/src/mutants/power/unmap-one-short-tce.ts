// an unmap leaves its last page mapped

import type { Mutant } from "../mutant.ts";

export const POWER_UNMAP_ONE_SHORT_TCE: Mutant = {
  name: "power-unmap-one-short-tce",
  family: "power",
  where: "kernel",
  bug: "an unmap leaves its last page mapped",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/drivers/spapr/unmap.ts",
    find: "clearEntries(state, table, iova / frames, size / frames);",
    replace: "clearEntries(state, table, iova / frames, size / frames - 1);",
  },
};
