// every device is taken for the first one

import type { Mutant } from "../mutant.ts";
import { withTranslation } from "../wrap-machine.ts";

export const ONE_REQUESTER: Mutant = {
  name: "one-requester",
  where: "hardware",
  bug: "every device is taken for the first one",
  breaks: ["I6", "I2", "I3"],
  machine: (machine) =>
    withTranslation(
      machine,
      (honest) => (_requester, frame, access) => honest(0x10, frame, access),
    ),
};
