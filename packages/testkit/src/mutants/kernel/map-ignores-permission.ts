// READ alone is taken for READ and WRITE

import type { Mutant } from "../mutant.ts";
import { altered, kernelWith, MAP_FIELDS } from "../wrap-kernel.ts";

export const MAP_IGNORES_PERMISSION: Mutant = {
  name: "map-ignores-permission",
  where: "kernel",
  bug: "READ alone is taken for READ and WRITE",
  breaks: ["I18", "I4"],
  driverType: () =>
    kernelWith({
      map: (honest, call) =>
        honest(altered(call, (view) => view.setUint32(MAP_FIELDS.flags, 3, true))),
    }),
};
