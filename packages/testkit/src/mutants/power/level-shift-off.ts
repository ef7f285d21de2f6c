// the walk takes an upper level's index one level too low

import type { Mutant } from "../mutant.ts";

export const POWER_LEVEL_SHIFT_OFF: Mutant = {
  name: "power-level-shift-off",
  family: "power",
  where: "hardware",
  bug: "the walk takes an upper level's index one level too low",
  breaks: [],
  edit: {
    file: "packages/testkit/src/hardware/tce/tce-walk.ts",
    find: "const below = powerOfTwo(indexBits * level);",
    replace: "const below = powerOfTwo(indexBits * (level - 1));",
  },
};
