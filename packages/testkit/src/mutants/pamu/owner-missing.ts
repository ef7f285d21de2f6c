// a secondary entry does not say whose it is

import type { Mutant } from "../mutant.ts";

export const PAMU_OWNER_MISSING: Mutant = {
  name: "pamu-owner-missing",
  family: "pamu",
  where: "kernel",
  bug: "a secondary entry does not say whose it is",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/iommu/pamu/liodn-tables.ts",
    find: "secondary.set(index, field.LIODN, liodn);",
    replace: "secondary.set(index, field.LIODN, 0);",
  },
};
