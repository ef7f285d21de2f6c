// resuming maps no window, so nothing is enabled

import type { Mutant } from "../mutant.ts";

export const PAMU_RESUME_NOTHING: Mutant = {
  name: "pamu-resume-nothing",
  family: "pamu",
  where: "backend",
  bug: "resuming maps no window, so nothing is enabled",
  breaks: [],
  edit: {
    file: "packages/fsl-pamu/src/enable.ts",
    find: "calls.map(at, live.host, bytes(size), live.access);\n",
    replace: "void live.host;\n",
  },
};
