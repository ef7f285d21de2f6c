// only the first page of a slot is looked at: what follows is somebody else's

import type { Mutant } from "../mutant.ts";

export const PAMU_CONTIGUITY_UNCHECKED: Mutant = {
  name: "pamu-contiguity-unchecked",
  family: "pamu",
  where: "kernel",
  bug: "only the first page of a slot is looked at: what follows is somebody else's",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/drivers/pamu/pin-slot.ts",
    find: "run.frame !== start + done",
    replace: "run.frame < 0",
  },
};
