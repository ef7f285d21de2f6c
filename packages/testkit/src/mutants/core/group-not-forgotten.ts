// a group that left is still listed

import type { Mutant } from "../mutant.ts";

export const GROUP_NOT_FORGOTTEN: Mutant = {
  name: "group-not-forgotten",
  where: "core",
  bug: "a group that left is still listed",
  breaks: ["I18", "I24", "I16"],
  edit: {
    file: "packages/core/src/container/control.ts",
    find: "engine.groups.splice(engine.groups.indexOf(group), 1);",
    replace: "",
  },
};
