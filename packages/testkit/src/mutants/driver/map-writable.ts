// a read-only mapping is entered writable

import type { Mutant } from "../mutant.ts";
import { withDomains } from "../wrap-machine.ts";

export const MAP_WRITABLE: Mutant = {
  name: "map-writable",
  where: "driver",
  bug: "a read-only mapping is entered writable",
  breaks: ["I4"],
  machine: (machine) =>
    withDomains(machine, {
      map: (domain, iova, frame, frames) =>
        domain.map(iova, frame, frames, { read: true, write: true }),
    }),
};
