// write-only mappings are offered where hardware lets them be read

import type { Mutant } from "../mutant.ts";
import { withSession } from "../wrap-backend.ts";

export const WRITE_ONLY_CLAIMED: Mutant = {
  name: "write-only-claimed",
  where: "backend",
  bug: "write-only mappings are offered where hardware lets them be read",
  breaks: ["I4"],
  backend: (backend) =>
    withSession(backend, (honest) => ({
      get capabilities() {
        return { ...honest.capabilities, "write-only": { offered: true } } as const;
      },
    })),
};
