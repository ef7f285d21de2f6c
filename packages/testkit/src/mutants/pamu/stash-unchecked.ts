// a CPU that does not exist is sent to the driver, which swallows it

import type { Mutant } from "../mutant.ts";

export const PAMU_STASH_UNCHECKED: Mutant = {
  name: "pamu-stash-unchecked",
  family: "pamu",
  where: "backend",
  bug: "a CPU that does not exist is sent to the driver, which swallows it",
  breaks: [],
  edit: {
    file: "packages/fsl-pamu/src/stash.ts",
    find: "if (known !== undefined && !known.has(cpu))",
    replace: "if (known !== undefined && known.size === 0)",
  },
};
