// memory allocated under a registration counts as unused

import type { Mutant } from "../mutant.ts";

export const USE_BEFORE_ALLOCATION: Mutant = {
  name: "use-before-allocation",
  where: "core",
  bug: "memory allocated under a registration counts as unused",
  breaks: ["I8", "I23"],
  edit: {
    file: "packages/core/src/memory/memory-table.ts",
    find: "uses: this.#outsideUses(start, end)",
    replace: "uses: 0",
  },
};
