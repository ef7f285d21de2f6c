// a page that is not mapped goes through untranslated

import type { Mutant } from "../mutant.ts";
import { withTranslation } from "../wrap-machine.ts";

export const PASS_THROUGH: Mutant = {
  name: "pass-through",
  where: "hardware",
  bug: "a page that is not mapped goes through untranslated",
  breaks: ["I8", "I3", "I5"],
  machine: (machine) =>
    withTranslation(machine, (honest) => (requester, frame, access) => {
      const now = honest(requester, frame, access);
      return now === -1 ? frame : now;
    }),
};
