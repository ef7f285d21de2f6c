// a subwindow's entry is looked for one further on

import type { Mutant } from "../../mutant.ts";

export const PAMU_SECONDARY_INDEX: Mutant = {
  name: "pamu-secondary-index",
  where: "hardware",
  family: "pamu",
  bug: "a subwindow's entry is looked for one further on",
  breaks: ["I1", "I6"],
  edit: {
    file: "packages/testkit/src/hardware/pamu/lookup.ts",
    find: "(at.bytes.getInt32(at.start + 24) >>> 0) + index - 1;",
    replace: "(at.bytes.getInt32(at.start + 24) >>> 0) + index;",
  },
};
