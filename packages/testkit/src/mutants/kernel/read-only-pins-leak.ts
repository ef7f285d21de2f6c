// the pages of a read-only mapping are never unpinned

import type { Mutant } from "../mutant.ts";
import { areaOf, field, kernelWith, MAP_FIELDS } from "../wrap-kernel.ts";

export const READ_ONLY_PINS_LEAK: Mutant = {
  name: "read-only-pins-leak",
  where: "kernel",
  bug: "the pages of a read-only mapping are never unpinned",
  breaks: ["I21"],
  history: "873aefb376bb, zero pages",
  driverType: () =>
    kernelWith({
      map(honest, call) {
        const answer = honest(call);
        const flags = field(call, MAP_FIELDS.flags) & 3n;
        const vaddr = field(call, MAP_FIELDS.vaddr);
        const area = areaOf(call, vaddr);
        if (answer === 0 && flags === 1n && area !== undefined)
          area.backing.pin(Number(vaddr / 4096n) - area.firstPage, 1);
        return answer;
      },
    }),
};
