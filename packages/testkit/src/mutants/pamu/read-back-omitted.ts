// the number of windows is not read back, so a swallowed refusal passes for success

import type { Mutant } from "../mutant.ts";

export const PAMU_READ_BACK_OMITTED: Mutant = {
  name: "pamu-read-back-omitted",
  family: "pamu",
  where: "backend",
  bug: "the number of windows is not read back, so a swallowed refusal passes for success",
  breaks: [],
  edit: {
    file: "packages/fsl-pamu/src/attributes.ts",
    find: "if (has !== count) throw notTaken",
    replace: "if (has < 0) throw notTaken",
  },
};
