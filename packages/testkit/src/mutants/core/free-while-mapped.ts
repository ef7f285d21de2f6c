// memory with one user left may be freed

import type { Mutant } from "../mutant.ts";

export const FREE_WHILE_MAPPED: Mutant = {
  name: "free-while-mapped",
  where: "core",
  bug: "memory with one user left may be freed",
  breaks: ["I8"],
  edit: {
    file: "packages/core/src/memory/allocate.ts",
    find: "if (area.uses > 0)",
    replace: "if (area.uses > 1)",
  },
};
