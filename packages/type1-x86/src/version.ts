// The two versions of Type1, by the numbers and names the kernel knows them.

import { VFIO_TYPE1_IOMMU, VFIO_TYPE1v2_IOMMU } from "@iommukit/core/uapi";

/** 2 is the one to prefer; 1 is for kernels and emulations that have no other. */
export type Type1Version = 1 | 2;

interface VersionFacts {
  /** What VFIO_CHECK_EXTENSION and VFIO_SET_IOMMU take. */
  readonly extension: number;
  /** The backend's name in reports. */
  readonly name: string;
  /** As people say it. */
  readonly title: string;
}

export const VERSIONS: Readonly<Record<Type1Version, VersionFacts>> = {
  1: { extension: VFIO_TYPE1_IOMMU, name: "type1v1", title: "Type1" },
  2: { extension: VFIO_TYPE1v2_IOMMU, name: "type1v2", title: "Type1v2" },
};
