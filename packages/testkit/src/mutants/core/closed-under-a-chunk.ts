// a container is torn down while a chunk is in the kernel

import type { Mutant } from "../mutant.ts";

export const CLOSED_UNDER_A_CHUNK: Mutant = {
  name: "closed-under-a-chunk",
  where: "core",
  bug: "a container is torn down while a chunk is in the kernel",
  breaks: ["I24", "I41"],
  edit: {
    file: "packages/core/src/container/engine.ts",
    find: "if (this.#held === 0) this.#tearDown();",
    replace: "this.#tearDown();",
  },
};
