// the write permission is not looked at

import type { Mutant } from "../mutant.ts";
import { withTranslation } from "../wrap-machine.ts";

export const NO_WRITE_PERMISSION: Mutant = {
  name: "no-write-permission",
  where: "hardware",
  bug: "the write permission is not looked at",
  breaks: ["I4"],
  machine: (machine) =>
    withTranslation(machine, (honest) => (requester, frame, access) => {
      const now = honest(requester, frame, access);
      return now === -1 && access === "write" ? honest(requester, frame, "read") : now;
    }),
};
