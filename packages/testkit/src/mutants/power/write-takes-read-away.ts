// a TCE that may be written may not be read

import type { Mutant } from "../mutant.ts";

export const POWER_WRITE_TAKES_READ_AWAY: Mutant = {
  name: "power-write-takes-read-away",
  family: "power",
  where: "driver",
  bug: "a TCE that may be written may not be read",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/iommu/powernv-table.ts",
    find: "(permissions & TCE_WRITE) === 0 ? permissions : TCE_READ | TCE_WRITE;",
    replace: "(permissions & TCE_WRITE) === 0 ? permissions : TCE_WRITE;",
  },
};
