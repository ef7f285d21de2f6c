// a positive answer to unmap is taken for success

import type { Mutant } from "../mutant.ts";

export const ODD_UNMAP_IS_SUCCESS: Mutant = {
  name: "odd-unmap-is-success",
  where: "core",
  bug: "a positive answer to unmap is taken for success",
  breaks: ["I20", "I18"],
  edit: {
    file: "packages/type1-x86/src/unmap.ts",
    find: "if (result !== 0)",
    replace: "if (result < 0)",
  },
};
