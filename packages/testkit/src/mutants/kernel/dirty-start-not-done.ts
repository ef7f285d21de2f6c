// START answers success and tracks nothing

import type { Mutant } from "../mutant.ts";
import { field, kernelWith } from "../wrap-kernel.ts";

export const DIRTY_START_NOT_DONE: Mutant = {
  name: "dirty-start-not-done",
  where: "kernel",
  bug: "START answers success and tracks nothing",
  breaks: ["I31", "I32"],
  history: "6.12.35, unwind of START",
  driverType: () =>
    kernelWith({
      dirty: (honest, call) => (field(call, 0) >> 32n === 1n ? 0 : honest(call)),
    }),
};
