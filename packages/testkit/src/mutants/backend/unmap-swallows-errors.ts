// a refused unmap is taken for done

import type { Mutant } from "../mutant.ts";
import { withSession } from "../wrap-backend.ts";

export const UNMAP_SWALLOWS_ERRORS: Mutant = {
  name: "unmap-swallows-errors",
  where: "backend",
  bug: "a refused unmap is taken for done",
  breaks: ["I20", "I18"],
  backend: (backend) =>
    withSession(backend, (honest) => ({
      unmap(...range) {
        try {
          honest.unmap(...range);
        } catch {
          // The bug: nobody hears of it.
        }
      },
    })),
};
