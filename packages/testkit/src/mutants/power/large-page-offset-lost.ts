// inside a page of 64 KiB every address is its first

import type { Mutant } from "../mutant.ts";

export const POWER_LARGE_PAGE_OFFSET_LOST: Mutant = {
  name: "power-large-page-offset-lost",
  family: "power",
  where: "hardware",
  bug: "inside a page of 64 KiB every address is its first",
  breaks: [],
  edit: {
    file: "packages/testkit/src/hardware/tce/tce-walk.ts",
    find: "return this.pageFrame + (frame % size);",
    replace: "return this.pageFrame;",
  },
};
