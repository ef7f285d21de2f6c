// A fourth architecture, kernel side and backend, registers and conforms without a change to core.

import { vtd } from "@iommukit/testkit";
import { describeBackend } from "@iommukit/testkit/describe-backend";
import { toyBackend } from "./toy-backend.ts";
import { toyDriver } from "./toy-kernel-driver.ts";

describeBackend("toy", {
  backend: toyBackend,
  machine: () => vtd(),
  host: { driverTypes: [toyDriver()] },
});
