// AP admits updates where queries were asked for, and the other way round

import type { Mutant } from "../mutant.ts";

export const PAMU_ACCESS_SWAPPED: Mutant = {
  name: "pamu-access-swapped",
  family: "pamu",
  where: "kernel",
  bug: "AP admits updates where queries were asked for, and the other way round",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/iommu/pamu/liodn-tables.ts",
    find: "return (read ? 1 : 0) | (write ? 2 : 0);",
    replace: "return (read ? 2 : 0) | (write ? 1 : 0);",
  },
};
