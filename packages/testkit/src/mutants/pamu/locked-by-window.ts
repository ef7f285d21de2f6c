// locked memory is counted by windows, as the vendor's driver counts it

import type { Mutant } from "../mutant.ts";

export const PAMU_LOCKED_BY_WINDOW: Mutant = {
  name: "pamu-locked-by-window",
  family: "pamu",
  where: "kernel",
  bug: "locked memory is counted by windows, as the vendor's driver counts it",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/drivers/pamu/strict.ts",
    find: "call.process.locked.pages += Number(request.size) / PAGE;",
    replace: "call.process.locked.pages += count;",
  },
};
