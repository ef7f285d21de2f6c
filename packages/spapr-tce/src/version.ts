// The two versions of sPAPR TCE, by the numbers and names the kernel knows them.

import { VFIO_SPAPR_TCE_IOMMU, VFIO_SPAPR_TCE_v2_IOMMU } from "@iommukit/core/uapi";

/** 2 registers memory and makes windows; 1 has one window and pins memory when it is mapped. */
export type SpaprVersion = 1 | 2;

interface VersionFacts {
  /** What VFIO_CHECK_EXTENSION and VFIO_SET_IOMMU take. */
  readonly extension: number;
  /** The backend's name in reports. */
  readonly name: string;
  /** As people say it. */
  readonly title: string;
}

export const VERSIONS: Readonly<Record<SpaprVersion, VersionFacts>> = {
  1: { extension: VFIO_SPAPR_TCE_IOMMU, name: "spapr-tce-v1", title: "sPAPR TCE v1" },
  2: { extension: VFIO_SPAPR_TCE_v2_IOMMU, name: "spapr-tce-v2", title: "sPAPR TCE v2" },
};
