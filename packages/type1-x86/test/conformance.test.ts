// The conformance suite over both versions of Type1 on both kinds of machine.

import { amdvi, vtd } from "@iommukit/testkit";
import { describeBackend } from "@iommukit/testkit/describe-backend";
import { type1 } from "@iommukit/type1-x86";

const version1 = (): ReturnType<typeof type1> => type1({ version: 1 });

describeBackend("type1v2 on VT-d", { backend: type1, machine: () => vtd() });
describeBackend("type1v2 on AMD-Vi", { backend: type1, machine: () => amdvi() });
describeBackend("type1v1 on VT-d", { backend: version1, machine: () => vtd() });
describeBackend("type1v1 on AMD-Vi", { backend: version1, machine: () => amdvi() });
