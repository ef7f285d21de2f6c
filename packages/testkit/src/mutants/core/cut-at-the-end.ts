// an unmap that cuts the end of a mapping is let through

import type { Mutant } from "../mutant.ts";

export const CUT_AT_THE_END: Mutant = {
  name: "cut-at-the-end",
  where: "core",
  bug: "an unmap that cuts the end of a mapping is let through",
  breaks: ["I17", "I14"],
  edit: {
    file: "packages/core/src/dma/ledger.ts",
    find: "entry.start < start || entry.end > end",
    replace: "entry.start < start",
  },
};
