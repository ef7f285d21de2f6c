// chunks that were mapped stay when a later one fails

import type { Mutant } from "../mutant.ts";

export const CHUNKS_NOT_UNDONE: Mutant = {
  name: "chunks-not-undone",
  where: "core",
  bug: "chunks that were mapped stay when a later one fails",
  breaks: ["I16", "I18"],
  edit: {
    file: "packages/core/src/dma/chunked-map.ts",
    find: "of chunks.slice(0, mapped).toReversed()",
    replace: "of chunks.slice(0, 0).toReversed()",
  },
};
