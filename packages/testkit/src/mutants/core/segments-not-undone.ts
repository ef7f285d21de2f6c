// segments that were mapped stay when a later one fails

import type { Mutant } from "../mutant.ts";

export const SEGMENTS_NOT_UNDONE: Mutant = {
  name: "segments-not-undone",
  where: "core",
  bug: "segments that were mapped stay when a later one fails",
  breaks: ["I16", "I18"],
  edit: {
    file: "packages/core/src/dma/dma-engine.ts",
    find: "undo.push(() => unmap(enabled, start, run.size));",
    replace: "",
  },
};
