// the memory behind a mapping is one page further

import type { Mutant } from "../mutant.ts";
import { altered, kernelWith, MAP_FIELDS } from "../wrap-kernel.ts";

export const HOST_PAGE_OFF: Mutant = {
  name: "host-page-off",
  where: "kernel",
  bug: "the memory behind a mapping is one page further",
  breaks: ["I18", "I1"],
  driverType: () =>
    kernelWith({
      map: (honest, call) =>
        honest(
          altered(call, (view) => {
            const vaddr = view.getBigUint64(MAP_FIELDS.vaddr, true);
            view.setBigUint64(MAP_FIELDS.vaddr, vaddr + 4096n, true);
          }),
        ),
    }),
};
