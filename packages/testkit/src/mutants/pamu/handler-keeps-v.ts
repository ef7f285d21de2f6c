// the violation handler leaves the device running

import type { Mutant } from "../mutant.ts";

export const PAMU_HANDLER_KEEPS_V: Mutant = {
  name: "pamu-handler-keeps-v",
  family: "pamu",
  where: "kernel",
  bug: "the violation handler leaves the device running",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/iommu/pamu/violations.ts",
    find: "if (cutOff) tables.setValid(liodn, false);",
    replace: "if (cutOff) tables.setValid(liodn, true);",
  },
};
