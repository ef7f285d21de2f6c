// the last group leaves while a chunk is in the kernel

import type { Mutant } from "../mutant.ts";

export const DETACHED_UNDER_A_CHUNK: Mutant = {
  name: "detached-under-a-chunk",
  where: "core",
  bug: "the last group leaves while a chunk is in the kernel",
  breaks: ["I41"],
  edit: {
    file: "packages/core/src/container/control.ts",
    find: 'if (wiped && ledger.pending > 0) throw stillMapping("detach");',
    replace: "",
  },
};
