// a window is one page longer than its table

import type { Mutant } from "../mutant.ts";

export const POWER_WINDOW_END_OFF_TCE: Mutant = {
  name: "power-window-end-off-tce",
  family: "power",
  where: "kernel",
  bug: "a window is one page longer than its table",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/drivers/spapr/state.ts",
    find: "entry < table.offset + table.size;",
    replace: "entry <= table.offset + table.size;",
  },
};
