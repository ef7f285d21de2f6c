// a remap makes all mappings again but the last

import type { Mutant } from "../mutant.ts";

export const PAMU_REMAP_LOSES_ONE: Mutant = {
  name: "pamu-remap-loses-one",
  family: "pamu",
  where: "backend",
  bug: "a remap makes all mappings again but the last",
  breaks: [],
  edit: {
    file: "packages/fsl-pamu/src/enable.ts",
    find: "for (const { iova, host, size, access } of gone)\n    try",
    replace: "for (const { iova, host, size, access } of gone.slice(0, -1))\n    try",
  },
};
