// a region that goes keeps its pages pinned

import type { Mutant } from "../mutant.ts";

export const POWER_REGISTRATION_PINS_LEAK: Mutant = {
  name: "power-registration-pins-leak",
  family: "power",
  where: "kernel",
  bug: "a region that goes keeps its pages pinned",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/drivers/spapr/regions.ts",
    find: "for (const run of region.runs) run.backing.unpin(run.frames);",
    replace: "for (const run of region.runs) run.backing.unpin(0 * run.frames);",
  },
};
