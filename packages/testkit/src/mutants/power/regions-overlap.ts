// regions of one process may overlap

import type { Mutant } from "../mutant.ts";

export const POWER_REGIONS_OVERLAP: Mutant = {
  name: "power-regions-overlap",
  family: "power",
  where: "kernel",
  bug: "regions of one process may overlap",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/drivers/spapr/regions.ts",
    find: "    if (overlaps) {",
    replace: "    if (overlaps && pages === 0) {",
  },
};
