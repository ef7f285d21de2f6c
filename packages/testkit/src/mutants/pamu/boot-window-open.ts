// the aperture is set without its windows, so the boot-time window stays open

import type { Mutant } from "../mutant.ts";

export const PAMU_BOOT_WINDOW_OPEN: Mutant = {
  name: "pamu-boot-window-open",
  family: "pamu",
  where: "backend",
  bug: "the aperture is set without its windows, so the boot-time window stays open",
  breaks: [],
  edit: {
    file: "packages/fsl-pamu/src/geometry.ts",
    find: "      this.#attributes.setWindows(1);",
    replace: "      this.#attributes.readWindows();",
  },
};
