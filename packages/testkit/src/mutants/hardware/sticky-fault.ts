// a page that faulted once faults for ever

import type { Mutant } from "../mutant.ts";
import { withTranslation } from "../wrap-machine.ts";

export const STICKY_FAULT: Mutant = {
  name: "sticky-fault",
  where: "hardware",
  bug: "a page that faulted once faults for ever",
  breaks: ["I2"],
  machine: (machine) =>
    withTranslation(machine, (honest) => {
      const faulted = new Set<string>();
      return (requester, frame, access) => {
        const key = `${requester} ${frame} ${access}`;
        const now = honest(requester, frame, access);
        if (faulted.has(key) && now >= 0) return honest(requester, 0xfee80, access);
        if (now < 0) faulted.add(key);
        return now;
      };
    }),
};
