// a placement is aligned down into what is mapped

import type { Mutant } from "../mutant.ts";

export const PLACED_BELOW: Mutant = {
  name: "placed-below",
  where: "core",
  bug: "a placement is aligned down into what is mapped",
  breaks: ["I2", "I18", "I11"],
  edit: {
    file: "packages/core/src/dma/gap-tree.ts",
    find: "Math.ceil(from / alignment)",
    replace: "Math.floor(from / alignment)",
  },
};
