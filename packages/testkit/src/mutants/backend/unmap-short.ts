// unmap asks for one page less than it should

import { bytes } from "@iommukit/core";
import type { Mutant } from "../mutant.ts";
import { withSession } from "../wrap-backend.ts";

export const UNMAP_SHORT: Mutant = {
  name: "unmap-short",
  where: "backend",
  bug: "unmap asks for one page less than it should",
  breaks: ["I17", "I18", "I16"],
  backend: (backend) =>
    withSession(backend, (honest) => ({
      unmap: (iova, size, expected) =>
        honest.unmap(iova, size > 4096n ? bytes(size - 4096n) : size, expected),
    })),
};
