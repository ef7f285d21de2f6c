// the dirty bit of a range's first page is that of no page

import type { Mutant } from "../mutant.ts";
import { clearFirst, kernelWith } from "../wrap-kernel.ts";

export const DIRTY_BIT_LOST: Mutant = {
  name: "dirty-bit-lost",
  where: "kernel",
  bug: "the dirty bit of a range's first page is that of no page",
  breaks: ["I31"],
  history: "5.9.6, wrong bit in vfio_dma_rw",
  driverType: () =>
    kernelWith({
      dirty(honest, call) {
        const answer = honest(call);
        if (answer === 0) clearFirst(call);
        return answer;
      },
    }),
};
