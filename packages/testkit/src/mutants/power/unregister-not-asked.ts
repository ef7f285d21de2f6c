// memory is never unregistered

import type { Mutant } from "../mutant.ts";

export const POWER_UNREGISTER_NOT_ASKED: Mutant = {
  name: "power-unregister-not-asked",
  family: "power",
  where: "backend",
  bug: "memory is never unregistered",
  breaks: [],
  edit: {
    file: "packages/spapr-tce/src/register.ts",
    find: "const unregister = bind(context, VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY);",
    replace: "const unregister = (_address: bigint, _size: bigint): number => 0;",
  },
};
