// a registration that stops at a bad page is taken for success

import type { Mutant } from "../mutant.ts";

export const POWER_REGISTER_FORGETS_POSITIVE: Mutant = {
  name: "power-register-forgets-positive",
  family: "power",
  where: "backend",
  bug: "a registration that stops at a bad page is taken for success",
  breaks: [],
  edit: {
    file: "packages/spapr-tce/src/register.ts",
    find: "if (result > 0) throw pinnedInPart(port, result, address, size);",
    replace: "if (result > 1e9) throw pinnedInPart(port, result, address, size);",
  },
};
