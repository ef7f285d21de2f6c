// a group that joins is not attached to the page table

import type { Mutant } from "../mutant.ts";
import { kernelWith } from "../wrap-kernel.ts";

export const NO_REPLAY: Mutant = {
  name: "no-replay",
  where: "kernel",
  bug: "a group that joins is not attached to the page table",
  breaks: ["I2"],
  driverType: () =>
    kernelWith({
      attach: (driver, group) => (driver.mappings().length > 0 ? 0 : driver.attachGroup(group)),
    }),
};
