// a group takes a window of another group's PE

import type { Mutant } from "../mutant.ts";

export const POWER_WINDOWS_SHARED_IN_LPAR: Mutant = {
  name: "power-windows-shared-in-lpar",
  family: "power",
  where: "driver",
  bug: "a group takes a window of another group's PE",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/iommu/pseries-group.ts",
    find: "return this.#own.has(table) ? 0 : -EPERM;",
    replace: "return this.#own.has(table) ? 0 : 0;",
  },
};
