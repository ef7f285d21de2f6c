// a group whose status is refused stays open

import type { Mutant } from "../mutant.ts";

export const GROUP_DESCRIPTOR_LEAKS: Mutant = {
  name: "group-descriptor-leaks",
  where: "core",
  bug: "a group whose status is refused stays open",
  breaks: ["I24"],
  edit: {
    file: "packages/core/src/container/group-handle.ts",
    find: "port.close(fd);",
    replace: "",
  },
};
