// a group that joins gets no window

import type { Mutant } from "../mutant.ts";

export const POWER_JOINS_WITHOUT_WINDOWS: Mutant = {
  name: "power-joins-without-windows",
  family: "power",
  where: "kernel",
  bug: "a group that joins gets no window",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/drivers/spapr/attach.ts",
    find: "table === undefined ? 0 : group.setWindow(slot, table);",
    replace: "table === undefined ? 0 : 0 * group.setWindow(slot, table) + group.tce32Start;",
  },
};
