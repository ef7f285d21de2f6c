// a store to a table is not seen while the table is snooped

import type { Mutant } from "../../mutant.ts";

export const PAMU_STORE_NOT_SNOOPED: Mutant = {
  name: "pamu-store-not-snooped",
  where: "hardware",
  family: "pamu",
  bug: "a store to a table is not seen while the table is snooped",
  breaks: ["I3"],
  edit: {
    file: "packages/testkit/src/hardware/pamu/pamu.ts",
    find: "isOn && !this.#options.isSnooped(table.baseFrame)",
    replace: "isOn && this.#options.isSnooped(table.baseFrame)",
  },
};
