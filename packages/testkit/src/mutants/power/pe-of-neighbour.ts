// a requester belongs to the PE beside its own

import type { Mutant } from "../mutant.ts";

export const POWER_PE_OF_NEIGHBOUR: Mutant = {
  name: "power-pe-of-neighbour",
  family: "power",
  where: "hardware",
  bug: "a requester belongs to the PE beside its own",
  breaks: [],
  edit: {
    file: "packages/testkit/src/hardware/tce/phb.ts",
    find: "const pe = half16(word, requester);",
    replace: "const pe = half16(word, requester) + 1;",
  },
};
