// the second window is made where the first one is

import type { Mutant } from "../mutant.ts";

export const POWER_HIGH_WINDOW_LOW: Mutant = {
  name: "power-high-window-low",
  family: "power",
  where: "driver",
  bug: "the second window is made where the first one is",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/iommu/powernv-group.ts",
    find: "offset: slot === 0 ? 0 : SECOND_BASE_FRAME",
    replace: "offset: slot === 0 ? 0 : 0 * SECOND_BASE_FRAME",
  },
};
