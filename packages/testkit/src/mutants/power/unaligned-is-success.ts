// an unaligned map answers 0 and maps nothing

import type { Mutant } from "../mutant.ts";

export const POWER_UNALIGNED_IS_SUCCESS: Mutant = {
  name: "power-unaligned-is-success",
  family: "power",
  where: "kernel",
  bug: "an unaligned map answers 0 and maps nothing",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/drivers/spapr/map.ts",
    find: "const UNALIGNED = 1;",
    replace: "const UNALIGNED = 0;",
  },
};
