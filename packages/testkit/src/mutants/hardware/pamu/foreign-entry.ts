// a secondary entry of another LIODN is honoured

import type { Mutant } from "../../mutant.ts";

export const PAMU_FOREIGN_ENTRY: Mutant = {
  name: "pamu-foreign-entry",
  where: "hardware",
  family: "pamu",
  bug: "a secondary entry of another LIODN is honoured",
  breaks: ["I6"],
  edit: {
    file: "packages/testkit/src/hardware/pamu/entry-words.ts",
    find: "(word1 & SECONDARY_TYPE) !== 0 && word1 >>> 16 === liodn",
    replace: "(word1 & SECONDARY_TYPE) !== 0 && liodn >= 0",
  },
};
