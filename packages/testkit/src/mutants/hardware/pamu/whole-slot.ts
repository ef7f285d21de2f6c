// a subwindow is mapped beyond its SWSE

import type { Mutant } from "../../mutant.ts";

export const PAMU_WHOLE_SLOT: Mutant = {
  name: "pamu-whole-slot",
  where: "hardware",
  family: "pamu",
  bug: "a subwindow is mapped beyond its SWSE",
  breaks: ["I5"],
  edit: {
    file: "packages/testkit/src/hardware/pamu/lookup.ts",
    find: "mapped >= 0 && isInside(withinSlot, mapped)",
    replace: "mapped >= 0",
  },
};
