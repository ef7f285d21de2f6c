// bits 63 to 32 of the translated base are not written

import type { Mutant } from "../mutant.ts";

export const PAMU_HIGH_HALF_LOST: Mutant = {
  name: "pamu-high-half-lost",
  family: "pamu",
  where: "kernel",
  bug: "bits 63 to 32 of the translated base are not written",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/iommu/pamu/liodn-tables.ts",
    find: "table.set(index, field.TWBAH, Math.floor(pa / 2 ** 32));",
    replace: "table.set(index, field.TWBAH, 0);",
  },
};
