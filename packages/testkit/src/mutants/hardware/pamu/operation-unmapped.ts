// an operation without a mapping passes

import type { Mutant } from "../../mutant.ts";

export const PAMU_OPERATION_UNMAPPED: Mutant = {
  name: "pamu-operation-unmapped",
  where: "hardware",
  family: "pamu",
  bug: "an operation without a mapping passes",
  breaks: ["I4"],
  edit: {
    file: "packages/testkit/src/hardware/pamu/lookup.ts",
    find: "return isMappedCode(code) ? 0 : OPERATION_NOT_MAPPED;",
    replace: "return 0;",
  },
};
