// window k is written into the secondary entry of window k + 1

import type { Mutant } from "../mutant.ts";

export const PAMU_ENTRY_OFF_BY_ONE: Mutant = {
  name: "pamu-entry-off-by-one",
  family: "pamu",
  where: "kernel",
  bug: "window k is written into the secondary entry of window k + 1",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/iommu/pamu/liodn-tables.ts",
    find: "return { table: this.secondary, index: this.#fspi(liodn) + window - 1 };",
    replace: "return { table: this.secondary, index: this.#fspi(liodn) + window };",
  },
};
