// a map that fails keeps a page pinned

import type { Mutant } from "../mutant.ts";
import { areaOf, field, kernelWith, MAP_FIELDS } from "../wrap-kernel.ts";

export const FAILED_MAP_LEAKS_A_PIN: Mutant = {
  name: "failed-map-leaks-a-pin",
  where: "kernel",
  bug: "a map that fails keeps a page pinned",
  breaks: ["I21"],
  history: "5.9.6, leak in pin_pages",
  driverType: () =>
    kernelWith({
      map(honest, call) {
        const answer = honest(call);
        const vaddr = field(call, MAP_FIELDS.vaddr);
        const area = areaOf(call, vaddr);
        if (answer < 0 && area !== undefined)
          area.backing.pin(Number(vaddr / 4096n) - area.firstPage, 1);
        return answer;
      },
    }),
};
