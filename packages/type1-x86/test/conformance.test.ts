import { vtd } from "@iommukit/testkit";
import { describeBackend } from "@iommukit/testkit/describe-backend";
import { type1 } from "@iommukit/type1-x86";

describeBackend("type1v2 on VT-d", { backend: type1, machine: () => vtd() });
