// unmap clears no entry

import type { Mutant } from "../mutant.ts";
import { withDomains } from "../wrap-machine.ts";

export const UNMAP_NOTHING: Mutant = {
  name: "unmap-nothing",
  where: "driver",
  bug: "unmap clears no entry",
  breaks: ["I3", "I38"],
  machine: (machine) =>
    withDomains(machine, {
      unmap: (_domain, _iova, frames) => frames,
    }),
};
