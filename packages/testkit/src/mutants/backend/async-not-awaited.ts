// a map off the event loop is taken for done at once

import type { Mutant } from "../mutant.ts";
import { withSession } from "../wrap-backend.ts";

export const ASYNC_NOT_AWAITED: Mutant = {
  name: "async-not-awaited",
  where: "backend",
  bug: "a map off the event loop is taken for done at once",
  breaks: ["I18", "I20", "I16", "I41"],
  backend: (backend) =>
    withSession(backend, (honest) => ({
      mapAsync(...mapping) {
        honest.mapAsync(...mapping).catch(() => undefined);
        return Promise.resolve();
      },
    })),
};
