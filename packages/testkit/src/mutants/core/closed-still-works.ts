// a closed container lets calls through

import type { Mutant } from "../mutant.ts";

export const CLOSED_STILL_WORKS: Mutant = {
  name: "closed-still-works",
  where: "core",
  bug: "a closed container lets calls through",
  breaks: ["I26", "I18"],
  edit: {
    file: "packages/core/src/container/state.ts",
    find: "if (allowed.includes(this.#state)) return;",
    replace: "if (allowed.length > 0) return;",
  },
};
