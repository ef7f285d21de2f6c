// a window begins where the one before it ends

import type { Mutant } from "../mutant.ts";
import { withSession } from "../wrap-backend.ts";

export const WINDOWS_OVERLAP: Mutant = {
  name: "windows-overlap",
  where: "backend",
  bug: "a window begins where the one before it ends",
  breaks: ["I10", "I7"],
  backend: (backend) =>
    withSession(backend, (honest) => ({
      readWindows: () =>
        honest
          .readWindows()
          .map((each, at, all) => ({ ...each, start: all[at - 1]?.last ?? each.start })),
    })),
};
