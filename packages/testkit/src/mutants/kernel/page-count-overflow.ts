// the number of pages is kept in too few bits

import type { Mutant } from "../mutant.ts";
import { altered, kernelWith, MAP_FIELDS } from "../wrap-kernel.ts";

export const PAGE_COUNT_OVERFLOW: Mutant = {
  name: "page-count-overflow",
  where: "kernel",
  bug: "the number of pages is kept in too few bits",
  breaks: ["I18", "I2"],
  history: "5.6.14, overflow in pin_pages",
  driverType: () =>
    kernelWith({
      map: (honest, call) =>
        honest(
          altered(call, (view) => {
            const size = view.getBigUint64(MAP_FIELDS.size, true);
            if (size > 0x4000n) view.setBigUint64(MAP_FIELDS.size, size % 0x4000n || 0x4000n, true);
          }),
        ),
    }),
};
