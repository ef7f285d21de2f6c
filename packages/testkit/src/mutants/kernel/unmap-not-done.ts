// unmap answers the right size and leaves the mapping

import type { Mutant } from "../mutant.ts";
import { field, kernelWith, UNMAP_FIELDS } from "../wrap-kernel.ts";

export const UNMAP_NOT_DONE: Mutant = {
  name: "unmap-not-done",
  where: "kernel",
  bug: "unmap answers the right size and leaves the mapping",
  breaks: ["I18", "I3"],
  driverType: () =>
    kernelWith({
      unmap: (honest, call) => ((field(call, UNMAP_FIELDS.flags) & 2n) === 0n ? 0 : honest(call)),
    }),
};
