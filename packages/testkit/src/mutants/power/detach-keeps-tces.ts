// a group that leaves keeps nothing cleared

import type { Mutant } from "../mutant.ts";

export const POWER_DETACH_KEEPS_TCES: Mutant = {
  name: "power-detach-keeps-tces",
  family: "power",
  where: "kernel",
  bug: "a group that leaves keeps nothing cleared",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/drivers/spapr/attach.ts",
    find: "clearEntries(state, table, table.offset, table.size);",
    replace: "clearEntries(state, table, table.offset, 0);",
  },
};
