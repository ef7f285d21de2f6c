// segments are joined when they do not follow each other

import type { Mutant } from "../mutant.ts";

export const SEGMENTS_JOINED_WRONG: Mutant = {
  name: "segments-joined-wrong",
  where: "core",
  bug: "segments are joined when they do not follow each other",
  breaks: ["I18", "I2", "I1"],
  edit: {
    file: "packages/core/src/dma/segments.ts",
    find: "last.host + last.size === host",
    replace: "last.host + last.size <= host",
  },
};
