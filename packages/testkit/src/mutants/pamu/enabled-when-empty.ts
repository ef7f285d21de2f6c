// the last unmap leaves V set

import type { Mutant } from "../mutant.ts";

export const PAMU_ENABLED_WHEN_EMPTY: Mutant = {
  name: "pamu-enabled-when-empty",
  family: "pamu",
  where: "kernel",
  bug: "the last unmap leaves V set",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/drivers/pamu/strict.ts",
    find: "if (pieces.length > 0 && list.isEmpty) domain.setEnabled(false);",
    replace: "if (pieces.length > 1 && list.isEmpty) domain.setEnabled(false);",
  },
};
