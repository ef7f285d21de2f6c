// every mapping is made for reading and writing

import type { Mutant } from "../mutant.ts";
import { withSession } from "../wrap-backend.ts";

export const MAP_READ_WRITE: Mutant = {
  name: "map-read-write",
  where: "backend",
  bug: "every mapping is made for reading and writing",
  breaks: ["I18", "I4"],
  backend: (backend) =>
    withSession(backend, (honest) => ({
      map: (iova, host, size) => honest.map(iova, host, size, "read-write"),
    })),
};
