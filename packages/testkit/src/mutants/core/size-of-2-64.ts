// 2^64 is taken for a 64-bit size

import type { Mutant } from "../mutant.ts";

export const SIZE_OF_2_64: Mutant = {
  name: "size-of-2-64",
  where: "core",
  bug: "2^64 is taken for a 64-bit size",
  breaks: ["I14"],
  history: "58fec830fc19, the end of 64 bits",
  edit: {
    file: "packages/core/src/address/address.ts",
    find: "if (value >= LIMIT)",
    replace: "if (value > LIMIT)",
  },
};
