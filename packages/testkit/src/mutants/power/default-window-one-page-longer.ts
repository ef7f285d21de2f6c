// the default window is said to be one page longer

import type { Mutant } from "../mutant.ts";

export const POWER_DEFAULT_WINDOW_ONE_PAGE_LONGER: Mutant = {
  name: "power-default-window-one-page-longer",
  family: "power",
  where: "backend",
  bug: "the default window is said to be one page longer",
  breaks: [],
  edit: {
    file: "packages/spapr-tce/src/window-slots.ts",
    find: "last: iova(start + size - 1n),",
    replace: "last: iova(start + size + 4095n),",
  },
};
