// the offset inside a 64 KiB page is lost

import type { Mutant } from "../mutant.ts";
import { withTranslation } from "../wrap-machine.ts";

export const LARGE_PAGE_OFFSET: Mutant = {
  name: "large-page-offset",
  where: "hardware",
  bug: "the offset inside a 64 KiB page is lost",
  breaks: ["I1", "I2"],
  machine: (machine) =>
    withTranslation(machine, (honest) => (requester, frame, access) => {
      const now = honest(requester, frame, access);
      return now >= 0 ? now - (now % 16) : now;
    }),
};
