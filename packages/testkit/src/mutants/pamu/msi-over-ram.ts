// an MSI bank is mapped over a window of RAM

import type { Mutant } from "../mutant.ts";

export const PAMU_MSI_OVER_RAM: Mutant = {
  name: "pamu-msi-over-ram",
  family: "pamu",
  where: "kernel",
  bug: "an MSI bank is mapped over a window of RAM",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/iommu/pamu/strict-domain.ts",
    find: "if (this.windows[window] !== undefined) return -EBUSY;",
    replace: "if (this.windows[window] !== undefined) this.windows[window] = undefined;",
  },
};
