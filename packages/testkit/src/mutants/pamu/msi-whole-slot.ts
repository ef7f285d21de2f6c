// the window of an MSI bank reaches as far as the slot, not one page

import type { Mutant } from "../mutant.ts";

export const PAMU_MSI_WHOLE_SLOT: Mutant = {
  name: "pamu-msi-whole-slot",
  family: "pamu",
  where: "kernel",
  bug: "the window of an MSI bank reaches as far as the slot, not one page",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/iommu/pamu/liodn-tables.ts",
    find: "table.set(index, field.SWSE, code);\n    setTarget",
    replace:
      "table.set(index, field.SWSE, Math.max(code, table.get(index, field.SWSE)));\n    setTarget",
  },
};
