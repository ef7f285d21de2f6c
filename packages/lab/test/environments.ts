// Environments that tests of differential runs share.

import { type Environment, isSpapr, type SpaprEnvironment } from "../src/differ/environment.ts";
import { PSERIES_DEFAULT_WINDOW } from "../src/differ/guest-hardware.ts";
import { OWN_ENVIRONMENTS } from "../src/differ/simulate.ts";

/** The LPAR that guests of differential runs are. */
export const GUEST_LPAR: SpaprEnvironment = {
  ...spapr(OWN_ENVIRONMENTS.pseries),
  defaultWindow: ["0x0", `0x${PSERIES_DEFAULT_WINDOW.toString(16)}`],
};

function spapr(environment: Environment): SpaprEnvironment {
  if (isSpapr(environment)) return environment;
  throw new Error("this environment is of another IOMMU");
}
