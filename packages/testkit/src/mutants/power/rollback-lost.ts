// a map that fails leaves its first pages mapped

import type { Mutant } from "../mutant.ts";

export const POWER_ROLLBACK_LOST: Mutant = {
  name: "power-rollback-lost",
  family: "power",
  where: "kernel",
  bug: "a map that fails leaves its first pages mapped",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/drivers/spapr/map.ts",
    find: "clearEntries(state, table, entry, index);",
    replace: "clearEntries(state, table, entry, 0);",
  },
};
