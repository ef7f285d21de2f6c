// a default window that was dropped comes back with the next map

import type { Mutant } from "../mutant.ts";

export const POWER_DEFAULT_WINDOW_AGAIN: Mutant = {
  name: "power-default-window-again",
  family: "power",
  where: "kernel",
  bug: "a default window that was dropped comes back with the next map",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/drivers/spapr/windows.ts",
    find: "    state.defaultPending = false;\n    return 0;\n  }\n  const slot",
    replace: "    return 0;\n  }\n  const slot",
  },
};
