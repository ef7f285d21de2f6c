// a mapping is entered one frame too far

import type { Mutant } from "../mutant.ts";
import { withDomains } from "../wrap-machine.ts";

export const MAP_NEXT_FRAME: Mutant = {
  name: "map-next-frame",
  where: "driver",
  bug: "a mapping is entered one frame too far",
  breaks: ["I1", "I8", "I2"],
  history: "5.6.14, PFN without its offset",
  machine: (machine) =>
    withDomains(machine, {
      map: (domain, iova, frame, frames, access) => domain.map(iova, frame + 1, frames, access),
    }),
};
