// unmap gives a page of locked memory back that was never taken

import type { Mutant } from "../mutant.ts";
import { kernelWith } from "../wrap-kernel.ts";

export const LOCKED_UNDERFLOW: Mutant = {
  name: "locked-underflow",
  where: "kernel",
  bug: "unmap gives a page of locked memory back that was never taken",
  breaks: ["I22", "I23"],
  history: "CVE-2023-53171",
  driverType: () =>
    kernelWith({
      unmap(honest, call) {
        const answer = honest(call);
        if (answer === 0) call.process.locked.pages -= 1;
        return answer;
      },
    }),
};
