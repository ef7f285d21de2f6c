// a TCE is read with its halves exchanged

import type { Mutant } from "../mutant.ts";

export const POWER_TCE_ORDER_SWAPPED: Mutant = {
  name: "power-tce-order-swapped",
  family: "power",
  where: "hardware",
  bug: "a TCE is read with its halves exchanged",
  breaks: [],
  edit: {
    file: "packages/testkit/src/hardware/tce/tce-walk.ts",
    find: "const real = high * 0x10_0000 + (low >>> 12);",
    replace: "const real = low * 0x10_0000 + (high >>> 12);",
  },
};
