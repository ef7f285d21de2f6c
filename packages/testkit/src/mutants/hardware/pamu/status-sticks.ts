// PICS keeps a status bit that was cleared

import type { Mutant } from "../../mutant.ts";

export const PAMU_STATUS_STICKS: Mutant = {
  name: "pamu-status-sticks",
  where: "hardware",
  family: "pamu",
  bug: "PICS keeps a status bit that was cleared",
  breaks: ["I18"],
  edit: {
    file: "packages/testkit/src/hardware/pamu/status.ts",
    find: "(before & STATUS_BITS & ~cleared)",
    replace: "(before & STATUS_BITS)",
  },
};
