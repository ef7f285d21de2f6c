// one word of an entry is read little-endian

import type { Mutant } from "../../mutant.ts";

export const PAMU_WRONG_ENDIAN_WORD: Mutant = {
  name: "pamu-wrong-endian-word",
  where: "hardware",
  family: "pamu",
  bug: "one word of an entry is read little-endian",
  breaks: ["I1", "I2"],
  edit: {
    file: "packages/testkit/src/hardware/pamu/lookup.ts",
    find: "mappedOrder(at.bytes.getInt32(at.start + 20))",
    replace: "mappedOrder(at.bytes.getInt32(at.start + 20, true))",
  },
};
