// @iommukit/core/uapi: the kernel's VFIO names that all architectures share, as the header has them.

export * from "./capability.ts";
export * from "./container.ts";
export * from "./device.ts";
export * from "./feature.ts";
export * from "./gfx.ts";
export * from "./group.ts";
export * from "./ioeventfd.ts";
export * from "./iommufd.ts";
export * from "./irq.ts";
export * from "./migration.ts";
export * from "./region.ts";
export * from "./region-type.ts";
export * from "./reset.ts";
export { CORE_UAPI } from "./table.ts";
export { VFIO_BASE, VFIO_TYPE, vfioCommand } from "./vfio-command.ts";
