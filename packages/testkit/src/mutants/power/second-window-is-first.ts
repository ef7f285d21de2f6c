// bit 59 of an address does not choose the window

import type { Mutant } from "../mutant.ts";

export const POWER_SECOND_WINDOW_IS_FIRST: Mutant = {
  name: "power-second-window-is-first",
  family: "power",
  where: "hardware",
  bug: "bit 59 of an address does not choose the window",
  breaks: [],
  edit: {
    file: "packages/testkit/src/hardware/tce/phb.ts",
    find: "const window = this.#windows[2 * pe + second];",
    replace: "const window = this.#windows[2 * pe];",
  },
};
