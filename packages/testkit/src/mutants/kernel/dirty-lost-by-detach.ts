// what was written before a group left is reported clean

import type { Mutant } from "../mutant.ts";
import { clearFirst, kernelWith } from "../wrap-kernel.ts";

export const DIRTY_LOST_BY_DETACH: Mutant = {
  name: "dirty-lost-by-detach",
  where: "kernel",
  bug: "what was written before a group left is reported clean",
  breaks: ["I31"],
  history: "5.10.24, dirty when detaching",
  driverType: () => {
    let left = false;
    return kernelWith({
      dirty(honest, call) {
        const answer = honest(call);
        if (answer === 0 && left) clearFirst(call);
        return answer;
      },
      detach(driver, group) {
        left = true;
        driver.detachGroup(group);
      },
    });
  },
};
