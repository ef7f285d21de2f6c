// a translated address keeps 34 bits

import type { Mutant } from "../../mutant.ts";

export const PAMU_HIGH_WORD_CUT: Mutant = {
  name: "pamu-high-word-cut",
  where: "hardware",
  family: "pamu",
  bug: "a translated address keeps 34 bits",
  breaks: ["I1"],
  edit: {
    file: "packages/testkit/src/hardware/pamu/entry-words.ts",
    find: "(high << 20) | (low >>> 12)",
    replace: "((high & 3) << 20) | (low >>> 12)",
  },
};
