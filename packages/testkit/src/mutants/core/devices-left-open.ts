// closing a container leaves its devices open

import type { Mutant } from "../mutant.ts";

export const DEVICES_LEFT_OPEN: Mutant = {
  name: "devices-left-open",
  where: "core",
  bug: "closing a container leaves its devices open",
  breaks: ["I24", "I25"],
  edit: {
    file: "packages/core/src/container/engine.ts",
    find: "for (const device of [...this.devices]) attempt(() => device.close());",
    replace: "",
  },
};
