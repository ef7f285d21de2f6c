// an unmap that ends with a window answers success and does nothing

import type { Mutant } from "../mutant.ts";
import { field, kernelWith, UNMAP_FIELDS, writeBack } from "../wrap-kernel.ts";

export const UNMAP_AT_THE_END_EMPTY: Mutant = {
  name: "unmap-at-the-end-empty",
  where: "kernel",
  bug: "an unmap that ends with a window answers success and does nothing",
  breaks: ["I17", "I18"],
  history: "6.18, 6012379ede6a",
  driverType: () =>
    kernelWith({
      unmap(honest, call) {
        const end = field(call, UNMAP_FIELDS.iova) + field(call, UNMAP_FIELDS.size);
        if (end !== 0xfee0_0000n) return honest(call);
        writeBack(call, UNMAP_FIELDS.size, 0n);
        return 0;
      },
    }),
};
