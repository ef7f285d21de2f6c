// page tables are not given back

import type { Mutant } from "../mutant.ts";
import { withDomains } from "../wrap-machine.ts";

export const LEAK_TABLES: Mutant = {
  name: "leak-tables",
  where: "driver",
  bug: "page tables are not given back",
  breaks: ["I21"],
  machine: (machine) =>
    withDomains(machine, {
      free: () => undefined,
    }),
};
