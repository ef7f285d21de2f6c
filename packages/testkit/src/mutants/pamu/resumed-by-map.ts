// a device that was cut off goes on with the next map, whoever made it

import type { Mutant } from "../mutant.ts";

export const PAMU_RESUMED_BY_MAP: Mutant = {
  name: "pamu-resumed-by-map",
  family: "pamu",
  where: "kernel",
  bug: "a device that was cut off goes on with the next map, whoever made it",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/drivers/pamu/strict.ts",
    find: "if (!domain.enabled) domain.setEnabled(true);",
    replace: "if (domain.enabled) domain.setEnabled(false);\n    domain.setEnabled(true);",
  },
};
