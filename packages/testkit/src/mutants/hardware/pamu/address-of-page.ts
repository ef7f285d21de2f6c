// AVA holds the page of a violation without its byte

import type { Mutant } from "../../mutant.ts";

export const PAMU_ADDRESS_OF_PAGE: Mutant = {
  name: "pamu-address-of-page",
  where: "hardware",
  family: "pamu",
  bug: "AVA holds the page of a violation without its byte",
  breaks: ["I18"],
  edit: {
    file: "packages/testkit/src/hardware/pamu/status.ts",
    find: "this.#write(low, (frame % 0x10_0000) * 4096 + offset);",
    replace: "this.#write(low, (frame % 0x10_0000) * 4096 + 0 * offset);",
  },
};
