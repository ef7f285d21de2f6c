// the bridge forgets no single TCE

import type { Mutant } from "../mutant.ts";

export const POWER_KILL_ONE_IGNORED: Mutant = {
  name: "power-kill-one-ignored",
  family: "power",
  where: "hardware",
  bug: "the bridge forgets no single TCE",
  breaks: [],
  edit: {
    file: "packages/testkit/src/hardware/tce/phb.ts",
    find: "Number((written & ~register.KILL_ONE) >> 12n), 1);",
    replace: "Number((written & ~register.KILL_ONE) >> 12n), 0);",
  },
};
