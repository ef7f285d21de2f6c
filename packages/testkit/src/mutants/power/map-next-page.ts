// each page is mapped to the frame of the next

import type { Mutant } from "../mutant.ts";

export const POWER_MAP_NEXT_PAGE: Mutant = {
  name: "power-map-next-page",
  family: "power",
  where: "kernel",
  bug: "each page is mapped to the frame of the next",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/drivers/spapr/map.ts",
    find: "region.frames[index] ?? 0",
    replace: "region.frames[index + 1] ?? 0",
  },
};
