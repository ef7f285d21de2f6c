// cleared TCEs stay in the bridge's cache

import type { Mutant } from "../mutant.ts";

export const POWER_STALE_TCE: Mutant = {
  name: "power-stale-tce",
  family: "power",
  where: "driver",
  bug: "cleared TCEs stay in the bridge's cache",
  breaks: [],
  edit: {
    file: "packages/testkit/src/kernel/iommu/powernv-table.ts",
    find: "for (const bridge of this.bridges) bridge.kill(this, entry, pages);",
    replace: "for (const bridge of this.bridges) bridge.kill(this, entry, 0);",
  },
};
