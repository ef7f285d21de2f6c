// a window's levels are not passed on

import type { Mutant } from "../mutant.ts";

export const POWER_LEVELS_NOT_ASKED: Mutant = {
  name: "power-levels-not-asked",
  family: "power",
  where: "backend",
  bug: "a window's levels are not passed on",
  breaks: [],
  edit: {
    file: "packages/spapr-tce/src/windows.ts",
    find: "    set.levels(shape.levels);",
    replace: "    set.levels(1);",
  },
};
