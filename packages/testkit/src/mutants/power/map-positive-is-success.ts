// a positive answer to a map is taken for success

import type { Mutant } from "../mutant.ts";

export const POWER_MAP_POSITIVE_IS_SUCCESS: Mutant = {
  name: "power-map-positive-is-success",
  family: "power",
  where: "backend",
  bug: "a positive answer to a map is taken for success",
  breaks: [],
  edit: {
    file: "packages/spapr-tce/src/map.ts",
    find: "    if (result === 0) return;\n    clear",
    replace: "    if (result >= 0) return;\n    clear",
  },
};
