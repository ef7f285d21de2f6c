// the end of a window is checked one page too far

import type { Mutant } from "../mutant.ts";

export const WINDOW_END_OFF: Mutant = {
  name: "window-end-off",
  where: "core",
  bug: "the end of a window is checked one page too far",
  breaks: ["I11", "I14"],
  edit: {
    file: "packages/core/src/dma/ledger.ts",
    find: "size - 1n > window.last - iova",
    replace: "size - 4097n > window.last - iova",
  },
};
