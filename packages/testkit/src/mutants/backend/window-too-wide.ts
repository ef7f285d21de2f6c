// a window ends one page too late

import { iova } from "@iommukit/core";
import type { Mutant } from "../mutant.ts";
import { withSession } from "../wrap-backend.ts";

export const WINDOW_TOO_WIDE: Mutant = {
  name: "window-too-wide",
  where: "backend",
  bug: "a window ends one page too late",
  breaks: ["I7"],
  backend: (backend) =>
    withSession(backend, (honest) => ({
      readWindows: () =>
        honest.readWindows().map((each) => ({ ...each, last: iova(each.last + 4096n) })),
    })),
};
