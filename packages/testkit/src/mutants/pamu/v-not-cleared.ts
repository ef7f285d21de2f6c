// an unmapped window stays valid

import type { Mutant } from "../mutant.ts";

export const PAMU_V_NOT_CLEARED: Mutant = {
  name: "pamu-v-not-cleared",
  family: "pamu",
  where: "kernel",
  bug: "an unmapped window stays valid",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/iommu/pamu/liodn-tables.ts",
    find: "else table.set(index, field.V, 0);",
    replace: "else table.set(index, field.V, 1);",
  },
};
