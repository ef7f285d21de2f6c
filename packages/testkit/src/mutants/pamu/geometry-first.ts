// a refused geometry is stored all the same

import type { Mutant } from "../mutant.ts";

export const PAMU_GEOMETRY_FIRST: Mutant = {
  name: "pamu-geometry-first",
  family: "pamu",
  where: "kernel",
  bug: "a refused geometry is stored all the same",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/iommu/pamu/strict-domain.ts",
    find: "if (this.isEnabled || this.mapped > 0) return -EBUSY;\n    this.storeGeometry(geometry, size);",
    replace:
      "this.storeGeometry(geometry, size);\n    if (this.isEnabled || this.mapped > 0) return -EBUSY;",
  },
};
