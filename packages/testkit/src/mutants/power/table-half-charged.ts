// the user's view of a table is not counted

import type { Mutant } from "../mutant.ts";

export const POWER_TABLE_HALF_CHARGED: Mutant = {
  name: "power-table-half-charged",
  family: "power",
  where: "driver",
  bug: "the user's view of a table is not counted",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/iommu/powernv-geometry.ts",
    find: "return 2 * bytes;",
    replace: "return bytes;",
  },
};
