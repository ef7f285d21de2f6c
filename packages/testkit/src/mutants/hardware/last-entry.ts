// the last entry of a table gives the frame before it

import type { Mutant } from "../mutant.ts";
import { withTranslation } from "../wrap-machine.ts";

export const LAST_ENTRY: Mutant = {
  name: "last-entry",
  where: "hardware",
  bug: "the last entry of a table gives the frame before it",
  breaks: ["I1", "I8", "I2"],
  machine: (machine) =>
    withTranslation(machine, (honest) => (requester, frame, access) => {
      const now = honest(requester, frame, access);
      return now >= 0 && frame % 512 === 511 ? now - 1 : now;
    }),
};
