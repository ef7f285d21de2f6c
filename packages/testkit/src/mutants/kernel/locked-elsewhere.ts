// locked memory is counted for another process

import type { Mutant } from "../mutant.ts";
import { kernelWith } from "../wrap-kernel.ts";

export const LOCKED_ELSEWHERE: Mutant = {
  name: "locked-elsewhere",
  where: "kernel",
  bug: "locked memory is counted for another process",
  breaks: ["I22", "I23"],
  history: "6.1.20, locked_vm per dma",
  driverType: () =>
    kernelWith({
      map(honest, call) {
        const before = call.process.locked.pages;
        const answer = honest(call);
        if (answer === 0) call.process.locked.pages = before;
        return answer;
      },
    }),
};
