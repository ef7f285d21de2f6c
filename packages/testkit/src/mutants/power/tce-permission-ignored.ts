// a TCE's permissions are not looked at

import type { Mutant } from "../mutant.ts";

export const POWER_TCE_PERMISSION_IGNORED: Mutant = {
  name: "power-tce-permission-ignored",
  family: "power",
  where: "hardware",
  bug: "a TCE's permissions are not looked at",
  breaks: [],
  edit: {
    file: "packages/testkit/src/hardware/tce/tce-walk.ts",
    find: "if ((low & needed) === 0) return NOT_PERMITTED;",
    replace: "if ((low & needed) === 4) return NOT_PERMITTED;",
  },
};
