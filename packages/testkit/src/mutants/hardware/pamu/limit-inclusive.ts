// one entry behind a table's limit is used

import type { Mutant } from "../../mutant.ts";

export const PAMU_LIMIT_INCLUSIVE: Mutant = {
  name: "pamu-limit-inclusive",
  where: "hardware",
  family: "pamu",
  bug: "one entry behind a table's limit is used",
  breaks: ["I5"],
  edit: {
    file: "packages/testkit/src/hardware/pamu/table.ts",
    find: "return index < this.#entries;",
    replace: "return index <= this.#entries;",
  },
};
