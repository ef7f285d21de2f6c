// a second violation replaces the first

import type { Mutant } from "../../mutant.ts";

export const PAMU_VIOLATION_OVERWRITTEN: Mutant = {
  name: "pamu-violation-overwritten",
  where: "hardware",
  family: "pamu",
  bug: "a second violation replaces the first",
  breaks: ["I18"],
  edit: {
    file: "packages/testkit/src/hardware/pamu/status.ts",
    find: 'if ((this.#read("AVS1") & RECORDED) !== 0) return false;',
    replace: "",
  },
};
