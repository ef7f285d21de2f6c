// a mapping of one page is made of two

import { bytes } from "@iommukit/core";
import type { Mutant } from "../mutant.ts";
import { withSession } from "../wrap-backend.ts";

export const MAP_ROUNDS_UP: Mutant = {
  name: "map-rounds-up",
  where: "backend",
  bug: "a mapping of one page is made of two",
  breaks: ["I18", "I16", "I2"],
  backend: (backend) =>
    withSession(backend, (honest) => ({
      map: (iova, host, size, access) =>
        honest.map(iova, host, size === 4096n ? bytes(8192n) : size, access),
    })),
};
