// read and write permission are taken for each other

import type { Mutant } from "../../mutant.ts";

export const PAMU_PERMISSIONS_SWAPPED: Mutant = {
  name: "pamu-permissions-swapped",
  where: "hardware",
  family: "pamu",
  bug: "read and write permission are taken for each other",
  breaks: ["I4"],
  edit: {
    file: "packages/testkit/src/hardware/pamu/operations.ts",
    find: "export const QUERY = 1;\nexport const UPDATE = 2;",
    replace: "export const QUERY = 2;\nexport const UPDATE = 1;",
  },
};
