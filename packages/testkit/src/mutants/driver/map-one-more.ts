// map enters a page more than asked

import type { Mutant } from "../mutant.ts";
import { withDomains } from "../wrap-machine.ts";

export const MAP_ONE_MORE: Mutant = {
  name: "map-one-more",
  where: "driver",
  bug: "map enters a page more than asked",
  breaks: ["I5", "I3", "I38"],
  machine: (machine) =>
    withDomains(machine, {
      map: (domain, iova, frame, frames, access) => domain.map(iova, frame, frames + 1, access),
    }),
};
