// The conformance suite over both versions of sPAPR TCE on every POWER machine.

import { spaprTce } from "@iommukit/spapr-tce";
import { powernv, powernv64k, pseries } from "@iommukit/testkit";
import { describeBackend } from "@iommukit/testkit/describe-backend";

const version1 = (): ReturnType<typeof spaprTce> => spaprTce({ version: 1 });

const ONE_GROUP = {
  "lifecycle: a second group reaches the same mappings":
    "v1 takes one group: SET_CONTAINER of a second is EBUSY",
};
const PINS_FOR_WRITING = {
  "mapping: read-only memory is not mapped for writing":
    "v1 pins every page for writing, so read-only memory is refused for read as well",
};

describeBackend("spapr-tce-v2 on powernv", { backend: spaprTce, machine: () => powernv() });
describeBackend("spapr-tce-v2 on powernv with 64 KiB pages", {
  backend: spaprTce,
  machine: () => powernv64k(),
});
describeBackend("spapr-tce-v2 on pseries", {
  backend: spaprTce,
  machine: () => pseries(),
  notApplicable: {
    "lifecycle: a second group reaches the same mappings":
      "an LPAR's windows belong to one group: a second is not-offered",
  },
});
describeBackend("spapr-tce-v1 on powernv", {
  backend: version1,
  machine: () => powernv(),
  notApplicable: { ...ONE_GROUP, ...PINS_FOR_WRITING },
});
describeBackend("spapr-tce-v1 on powernv with 64 KiB pages", {
  backend: version1,
  machine: () => powernv64k(),
  notApplicable: { ...ONE_GROUP, ...PINS_FOR_WRITING },
});
describeBackend("spapr-tce-v1 on pseries", {
  backend: version1,
  machine: () => pseries(),
  notApplicable: { ...ONE_GROUP, ...PINS_FOR_WRITING },
});
