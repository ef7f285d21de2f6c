// only 32 bits of an address are translated

import type { Mutant } from "../mutant.ts";
import { withTranslation } from "../wrap-machine.ts";

export const SHORT_ADDRESS: Mutant = {
  name: "short-address",
  where: "hardware",
  bug: "only 32 bits of an address are translated",
  breaks: ["I2", "I5", "I3"],
  machine: (machine) =>
    withTranslation(
      machine,
      (honest) => (requester, frame, access) => honest(requester, frame % 2 ** 20, access),
    ),
};
