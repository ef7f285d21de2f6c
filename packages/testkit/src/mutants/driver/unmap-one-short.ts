// unmap leaves the last page of a range

import type { Mutant } from "../mutant.ts";
import { withDomains } from "../wrap-machine.ts";

export const UNMAP_ONE_SHORT: Mutant = {
  name: "unmap-one-short",
  where: "driver",
  bug: "unmap leaves the last page of a range",
  breaks: ["I3", "I38"],
  machine: (machine) =>
    withDomains(machine, {
      unmap: (domain, iova, frames) => domain.unmap(iova, Math.max(1, frames - 1)),
    }),
};
