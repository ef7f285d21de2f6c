// the aperture is twice as large as WSE says

import type { Mutant } from "../../mutant.ts";

export const PAMU_WINDOW_TWICE_AS_LARGE: Mutant = {
  name: "pamu-window-twice-as-large",
  where: "hardware",
  family: "pamu",
  bug: "the aperture is twice as large as WSE says",
  breaks: ["I5"],
  edit: {
    file: "packages/testkit/src/hardware/pamu/lookup.ts",
    find: "const order = apertureOrder(word1);",
    replace: "const order = apertureOrder(word1) + 1;",
  },
};
