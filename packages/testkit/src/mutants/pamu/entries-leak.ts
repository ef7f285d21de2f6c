// SET WINDOWS takes new secondary entries and gives the old ones back to nobody

import type { Mutant } from "../mutant.ts";

export const PAMU_ENTRIES_LEAK: Mutant = {
  name: "pamu-entries-leak",
  family: "pamu",
  where: "kernel",
  bug: "SET WINDOWS takes new secondary entries and gives the old ones back to nobody",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/iommu/pamu/liodn-tables.ts",
    find: "const given = liodns.filter((liodn) => this.hasWindows(liodn));",
    replace: "const given = liodns.filter((liodn) => this.hasWindows(liodn) && windows === 1);",
  },
};
