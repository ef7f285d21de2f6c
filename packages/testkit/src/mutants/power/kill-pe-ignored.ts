// the bridge forgets no PE's TCEs

import type { Mutant } from "../mutant.ts";

export const POWER_KILL_PE_IGNORED: Mutant = {
  name: "power-kill-pe-ignored",
  family: "power",
  where: "hardware",
  bug: "the bridge forgets no PE's TCEs",
  breaks: [],
  edit: {
    file: "packages/testkit/src/hardware/tce/phb.ts",
    find: "this.#cache.invalidateDomain(pe);",
    replace: "this.#cache.invalidateDomain(pe + 1);",
  },
};
