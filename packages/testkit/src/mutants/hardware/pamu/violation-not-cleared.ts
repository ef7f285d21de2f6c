// a cleared violation stays in AVS1

import type { Mutant } from "../../mutant.ts";

export const PAMU_VIOLATION_NOT_CLEARED: Mutant = {
  name: "pamu-violation-not-cleared",
  where: "hardware",
  family: "pamu",
  bug: "a cleared violation stays in AVS1",
  breaks: ["I18"],
  edit: {
    file: "packages/testkit/src/hardware/pamu/registers.ts",
    find: "AVS1: BigInt(VIOLATION_BITS),",
    replace: "AVS1: 0n,",
  },
};
