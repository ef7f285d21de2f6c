// a range that touches a mapping's end counts as overlapping

import type { Mutant } from "../mutant.ts";

export const NEIGHBOURS_OVERLAP: Mutant = {
  name: "neighbours-overlap",
  where: "core",
  bug: "a range that touches a mapping's end counts as overlapping",
  breaks: ["I2"],
  edit: {
    file: "packages/core/src/dma/mapping-table.ts",
    find: "if (rank > 0 && leaf.endOf(rank - 1) > start) return true;",
    replace: "if (rank > 0 && leaf.endOf(rank - 1) >= start) return true;",
  },
};
