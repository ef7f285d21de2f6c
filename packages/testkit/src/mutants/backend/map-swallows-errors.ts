// a refused map is taken for done

import type { Mutant } from "../mutant.ts";
import { withSession } from "../wrap-backend.ts";

export const MAP_SWALLOWS_ERRORS: Mutant = {
  name: "map-swallows-errors",
  where: "backend",
  bug: "a refused map is taken for done",
  breaks: ["I16", "I20", "I18", "I39"],
  backend: (backend) =>
    withSession(backend, (honest) => ({
      map(...mapping) {
        try {
          honest.map(...mapping);
        } catch {
          // The bug: nobody hears of it.
        }
      },
    })),
};
