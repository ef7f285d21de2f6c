// what lazy mode put off is not carried out when unmap returns

import type { Mutant } from "../mutant.ts";
import { withDomains } from "../wrap-machine.ts";

export const NEVER_FLUSH: Mutant = {
  name: "never-flush",
  where: "driver",
  bug: "what lazy mode put off is not carried out when unmap returns",
  breaks: ["I3", "I1"],
  machine: (machine) =>
    withDomains(machine, {
      flush: "never",
    }),
};
