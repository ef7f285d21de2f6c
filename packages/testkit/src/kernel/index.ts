// @iommukit/testkit/kernel: what the author of a simulated IOMMU type driver needs.

export type { PinnedRun } from "./backing.ts";
export type { ContainerDriver, ContainerDriverType, MappingReport } from "./drivers/driver.ts";
export * as errno from "./errno.ts";
export type { IommuDomain } from "./iommu/domain.ts";
export type { IommuGroup } from "./iommu-group.ts";
export type { IoctlCall } from "./open-file.ts";
export type { Process } from "./process.ts";
