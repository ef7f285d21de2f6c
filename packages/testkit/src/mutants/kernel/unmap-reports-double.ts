// unmap writes back twice the size

import type { Mutant } from "../mutant.ts";
import { field, kernelWith, UNMAP_FIELDS, writeBack } from "../wrap-kernel.ts";

export const UNMAP_REPORTS_DOUBLE: Mutant = {
  name: "unmap-reports-double",
  where: "kernel",
  bug: "unmap writes back twice the size",
  breaks: ["I17", "I24"],
  driverType: () =>
    kernelWith({
      unmap(honest, call) {
        const answer = honest(call);
        if (answer === 0) writeBack(call, UNMAP_FIELDS.size, 2n * field(call, UNMAP_FIELDS.size));
        return answer;
      },
    }),
};
