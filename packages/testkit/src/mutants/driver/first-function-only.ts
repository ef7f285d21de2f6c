// only the first function of a device is attached

import type { Mutant } from "../mutant.ts";
import { withDomains } from "../wrap-machine.ts";

export const FIRST_FUNCTION_ONLY: Mutant = {
  name: "first-function-only",
  where: "driver",
  bug: "only the first function of a device is attached",
  breaks: ["I2"],
  machine: (machine) =>
    withDomains(machine, {
      attach(domain, requester) {
        if (requester % 8 === 0) domain.attach(requester);
      },
      detach(domain, requester) {
        if (requester % 8 === 0) domain.detach(requester);
      },
    }),
};
