// a device that does not tell what it is stays open

import type { Mutant } from "../mutant.ts";

export const DEVICE_DESCRIPTOR_LEAKS: Mutant = {
  name: "device-descriptor-leaks",
  where: "core",
  bug: "a device that does not tell what it is stays open",
  breaks: ["I24"],
  edit: {
    file: "packages/core/src/device/open-device.ts",
    find: "port.close(fd);",
    replace: "",
  },
};
