// the tables of a window are not freed

import type { Mutant } from "../mutant.ts";

export const POWER_TABLE_LEAKS: Mutant = {
  name: "power-table-leaks",
  family: "power",
  where: "driver",
  bug: "the tables of a window are not freed",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/iommu/powernv-table.ts",
    find: "    this.#freeBelow(this.#root);\n    this.#leaves.clear();",
    replace: "    this.#leaves.clear();",
  },
};
