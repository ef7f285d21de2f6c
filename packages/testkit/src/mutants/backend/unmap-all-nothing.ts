// unmapAll removes nothing

import type { Mutant } from "../mutant.ts";
import { withSession } from "../wrap-backend.ts";

export const UNMAP_ALL_NOTHING: Mutant = {
  name: "unmap-all-nothing",
  where: "backend",
  bug: "unmapAll removes nothing",
  breaks: ["I18", "I20"],
  backend: (backend) =>
    withSession(backend, () => ({
      unmapAll: () => undefined,
    })),
};
