// window 0, which has no V of its own, stays allowed when it is unmapped

import type { Mutant } from "../mutant.ts";

export const PAMU_WINDOW_0_STAYS: Mutant = {
  name: "pamu-window-0-stays",
  family: "pamu",
  where: "kernel",
  bug: "window 0, which has no V of its own, stays allowed when it is unmapped",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/iommu/pamu/liodn-tables.ts",
    find: "if (window === 0) table.set(index, field.AP, field.AP_DENY);",
    replace: "if (window === 0) table.set(index, field.CR, 1);",
  },
};
