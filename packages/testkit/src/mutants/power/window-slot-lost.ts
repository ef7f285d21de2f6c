// a window that was removed keeps its slot

import type { Mutant } from "../mutant.ts";

export const POWER_WINDOW_SLOT_LOST: Mutant = {
  name: "power-window-slot-lost",
  family: "power",
  where: "backend",
  bug: "a window that was removed keeps its slot",
  breaks: [],
  edit: {
    file: "packages/spapr-tce/src/window-slots.ts",
    find: "if (slot === 0 || slot === 1) this.#slots[slot] = undefined;",
    replace: "if (slot === 2) this.#slots[slot] = undefined;",
  },
};
