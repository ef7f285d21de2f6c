// WCE says one power of two too many windows

import type { Mutant } from "../mutant.ts";

export const PAMU_WINDOW_COUNT_OFF: Mutant = {
  name: "pamu-window-count-off",
  family: "pamu",
  where: "kernel",
  bug: "WCE says one power of two too many windows",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/iommu/pamu/entry-fields.ts",
    find: "return windows >= 2 && isPowerOfTwo(windows) ? Math.log2(windows) - 1 : -EINVAL;",
    replace: "return windows >= 2 && isPowerOfTwo(windows) ? Math.log2(windows) : -EINVAL;",
  },
};
