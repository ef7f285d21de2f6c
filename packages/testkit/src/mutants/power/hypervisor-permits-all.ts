// the hypervisor does not look at a TCE's permissions

import type { Mutant } from "../mutant.ts";

export const POWER_HYPERVISOR_PERMITS_ALL: Mutant = {
  name: "power-hypervisor-permits-all",
  family: "power",
  where: "hardware",
  bug: "the hypervisor does not look at a TCE's permissions",
  breaks: [],
  edit: {
    file: "packages/testkit/src/hardware/tce/papr-hypervisor.ts",
    find: 'if ((permissions & (access === "read" ? READ : WRITE)) === 0)',
    replace: 'if ((permissions & (access === "read" ? READ : WRITE)) === 4)',
  },
};
