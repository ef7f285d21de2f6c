// the ledger lets one mapping more through than the kernel takes

import type { Mutant } from "../mutant.ts";

export const LIMIT_OFF_BY_ONE: Mutant = {
  name: "limit-off-by-one",
  where: "core",
  bug: "the ledger lets one mapping more through than the kernel takes",
  breaks: ["I14", "I39"],
  edit: {
    file: "packages/core/src/dma/ledger.ts",
    find: "this.#table.count + extra > limit",
    replace: "this.#table.count + extra > limit + 1",
  },
};
