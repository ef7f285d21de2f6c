// the ledger does not look for overlap

import type { Mutant } from "../mutant.ts";

export const OVERLAP_ALLOWED: Mutant = {
  name: "overlap-allowed",
  where: "core",
  bug: "the ledger does not look for overlap",
  breaks: ["I30", "I14"],
  history: "duplicate maps taken for success, 0cbce3a167",
  edit: {
    file: "packages/core/src/dma/ledger.ts",
    find: "if (this.#table.overlaps(start, end)) {",
    replace: "if (this.#table.overlaps(start, start)) {",
  },
};
