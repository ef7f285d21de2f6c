// a new host address is not recorded in the ledger

import type { Mutant } from "../mutant.ts";

export const SUPPLY_NOT_RECORDED: Mutant = {
  name: "supply-not-recorded",
  where: "core",
  bug: "a new host address is not recorded in the ledger",
  breaks: ["I18"],
  edit: {
    file: "packages/core/src/dma/ledger.ts",
    find: "{ ...entry, host: pageFrame(host), tag: entry.tag & ~INVALID }",
    replace: "{ ...entry, host: entry.host, tag: entry.tag & ~INVALID }",
  },
};
