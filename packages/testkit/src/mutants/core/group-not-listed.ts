// a group that joined is not listed

import type { Mutant } from "../mutant.ts";

export const GROUP_NOT_LISTED: Mutant = {
  name: "group-not-listed",
  where: "core",
  bug: "a group that joined is not listed",
  breaks: ["I18", "I24"],
  edit: {
    file: "packages/core/src/container/control.ts",
    find: "engine.groups.push(group);",
    replace: "",
  },
};
