// write-only mappings are claimed where the kernel makes them readable

import type { Mutant } from "../mutant.ts";

export const POWER_WRITE_ONLY_CAN_BE_HAD: Mutant = {
  name: "power-write-only-can-be-had",
  family: "power",
  where: "backend",
  bug: "write-only mappings are claimed where the kernel makes them readable",
  breaks: [],
  edit: {
    file: "packages/spapr-tce/src/capabilities.ts",
    find: 'if (offer.tables === "flat") return { offered: true };',
    replace: "if (offer.tables !== undefined) return { offered: true };",
  },
};
