// the host address of a map is one page off

import { hostPlus } from "@iommukit/core";
import type { Mutant } from "../mutant.ts";
import { withSession } from "../wrap-backend.ts";

export const WRONG_HOST: Mutant = {
  name: "wrong-host",
  where: "backend",
  bug: "the host address of a map is one page off",
  breaks: ["I18", "I16", "I1"],
  backend: (backend) =>
    withSession(backend, (honest) => ({
      map: (iova, host, size, access) => honest.map(iova, hostPlus(host, 4096), size, access),
    })),
};
