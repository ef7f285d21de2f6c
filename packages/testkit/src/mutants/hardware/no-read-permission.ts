// the read permission is not looked at

import type { Mutant } from "../mutant.ts";
import { withTranslation } from "../wrap-machine.ts";

export const NO_READ_PERMISSION: Mutant = {
  name: "no-read-permission",
  where: "hardware",
  bug: "the read permission is not looked at",
  breaks: ["I4"],
  machine: (machine) =>
    withTranslation(machine, (honest) => (requester, frame, access) => {
      const now = honest(requester, frame, access);
      return now === -1 && access === "read" ? honest(requester, frame, "write") : now;
    }),
};
