// after a map that failed nothing is cleared

import type { Mutant } from "../mutant.ts";

export const POWER_FAILED_MAP_NOT_CLEARED: Mutant = {
  name: "power-failed-map-not-cleared",
  family: "power",
  where: "backend",
  bug: "after a map that failed nothing is cleared",
  breaks: [],
  edit: {
    file: "packages/spapr-tce/src/map.ts",
    find: "    clear(iova, size);\n    throw mapRefused",
    replace: "    throw mapRefused",
  },
};
