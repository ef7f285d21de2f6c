// the kernel's limit of mappings is not passed on

import type { Mutant } from "../mutant.ts";
import { withSession } from "../wrap-backend.ts";

export const LIMIT_UNKNOWN: Mutant = {
  name: "limit-unknown",
  where: "backend",
  bug: "the kernel's limit of mappings is not passed on",
  breaks: ["I14", "I39"],
  backend: (backend) =>
    withSession(backend, () => ({
      readMappingsAvailable: () => undefined,
    })),
};
