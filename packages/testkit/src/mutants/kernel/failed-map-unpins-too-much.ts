// a map that fails unpins a page of another mapping

import type { Mutant } from "../mutant.ts";
import { areaOf, field, kernelWith, MAP_FIELDS } from "../wrap-kernel.ts";

export const FAILED_MAP_UNPINS_TOO_MUCH: Mutant = {
  name: "failed-map-unpins-too-much",
  where: "kernel",
  bug: "a map that fails unpins a page of another mapping",
  breaks: ["I21", "I23"],
  history: "CVE-2014-3601",
  driverType: () =>
    kernelWith({
      map(honest, call) {
        const answer = honest(call);
        const area = areaOf(call, field(call, MAP_FIELDS.vaddr));
        if (answer < 0 && area !== undefined && area.backing.pins > 0) area.backing.unpin(1);
        return answer;
      },
    }),
};
