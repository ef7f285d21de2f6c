// a PE makes windows again after its firmware refused one

import type { Mutant } from "../mutant.ts";

export const POWER_POISON_FORGOTTEN: Mutant = {
  name: "power-poison-forgotten",
  family: "power",
  where: "driver",
  bug: "a PE makes windows again after its firmware refused one",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/iommu/pseries-group.ts",
    find: "      this.#poisoned = true;",
    replace: "      this.#poisoned = false;",
  },
};
