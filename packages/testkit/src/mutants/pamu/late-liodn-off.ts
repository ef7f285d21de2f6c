// a LIODN that joins a running domain stays blocked

import type { Mutant } from "../mutant.ts";

export const PAMU_LATE_LIODN_OFF: Mutant = {
  name: "pamu-late-liodn-off",
  family: "pamu",
  where: "kernel",
  bug: "a LIODN that joins a running domain stays blocked",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/iommu/pamu/strict-domain.ts",
    find: "if (errno === 0 && this.isEnabled && !this.#cutOff.has(liodn))",
    replace: "if (errno === 0 && this.isEnabled && this.#cutOff.has(liodn))",
  },
};
