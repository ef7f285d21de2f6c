// a base register that is written drops no cached entry

import type { Mutant } from "../../mutant.ts";

export const PAMU_STALE_ENTRY: Mutant = {
  name: "pamu-stale-entry",
  where: "hardware",
  family: "pamu",
  bug: "a base register that is written drops no cached entry",
  breaks: ["I3"],
  edit: {
    file: "packages/testkit/src/hardware/pamu/table.ts",
    find: "    this.#kept.clear();\n",
    replace: "",
  },
};
