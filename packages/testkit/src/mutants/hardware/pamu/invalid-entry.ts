// a secondary entry counts without V

import type { Mutant } from "../../mutant.ts";

export const PAMU_INVALID_ENTRY: Mutant = {
  name: "pamu-invalid-entry",
  where: "hardware",
  family: "pamu",
  bug: "a secondary entry counts without V",
  breaks: ["I3"],
  edit: {
    file: "packages/testkit/src/hardware/pamu/lookup.ts",
    find: "if (!isValid(word1)) return SECONDARY_INVALID;",
    replace: "",
  },
};
