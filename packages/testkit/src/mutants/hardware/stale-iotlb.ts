// a translation that was once good is used for ever

import type { Mutant } from "../mutant.ts";
import { withTranslation } from "../wrap-machine.ts";

export const STALE_IOTLB: Mutant = {
  name: "stale-iotlb",
  where: "hardware",
  bug: "a translation that was once good is used for ever",
  breaks: ["I3", "I1", "I8"],
  history: "6.12's own rule, unmap before flush",
  machine: (machine) =>
    withTranslation(machine, (honest) => {
      const kept = new Map<string, number>();
      return (requester, frame, access) => {
        const key = `${requester} ${frame} ${access}`;
        const now = kept.get(key) ?? honest(requester, frame, access);
        if (now >= 0) kept.set(key, now);
        return now;
      };
    }),
};
