// a map that fails half way keeps the slots pinned that it had

import type { Mutant } from "../mutant.ts";

export const PAMU_UNDO_LOST: Mutant = {
  name: "pamu-undo-lost",
  family: "pamu",
  where: "kernel",
  bug: "a map that fails half way keeps the slots pinned that it had",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/drivers/pamu/strict.ts",
    find: "for (const pinned of slots) unpinSlot(pinned);",
    replace: "for (const pinned of slots.slice(1)) unpinSlot(pinned);",
  },
};
