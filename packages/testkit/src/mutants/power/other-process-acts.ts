// another process may map into the container

import type { Mutant } from "../mutant.ts";

export const POWER_OTHER_PROCESS_ACTS: Mutant = {
  name: "power-other-process-acts",
  family: "power",
  where: "kernel",
  bug: "another process may map into the container",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/drivers/spapr.ts",
    find: "if (state.owner !== undefined && state.owner !== call.process) return -EPERM;",
    replace: "if (state.owner === call.process && state.version > 2) return -EPERM;",
  },
};
