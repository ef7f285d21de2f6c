// a window that goes keeps its charge

import type { Mutant } from "../mutant.ts";

export const POWER_WINDOW_CHARGE_LEAKS: Mutant = {
  name: "power-window-charge-leaks",
  family: "power",
  where: "kernel",
  bug: "a window that goes keeps its charge",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/drivers/spapr/windows.ts",
    find: "giveBack(state.owner, chargedBytes, state.facts.hostShift);",
    replace: "giveBack(state.owner, 0 * chargedBytes, state.facts.hostShift);",
  },
};
