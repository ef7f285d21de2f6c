// @iommukit/core: the contract, the engine that every backend shares, and the ABI mechanism.

export { errnoName, errnoNumber } from "./abi/errno.ts";
export { type AbiProfile, ARCHES, type Arch, abiProfile } from "./abi/profile.ts";
export {
  type ByteSize,
  bytes,
  type HostAddress,
  hostAddress,
  hostPlus,
  type Iova,
  iova,
  iovaPlus,
} from "./address/address.ts";
export { formatAddress, formatRange, formatSize, GiB, KiB, MiB, TiB } from "./address/units.ts";
export { extensionKey } from "./container/extensions.ts";
export { driverBlocks } from "./container/groups.ts";
export { readIommuLinks } from "./container/iommu-links.ts";
export { isDeviceName } from "./container/paths.ts";
export { TRANSITIONS } from "./container/state.ts";
export { checkExtension, setIommu } from "./container/vfio-container.ts";
export { DMA_ACCESSES } from "./contract/access.ts";
export type * from "./contract/index.ts";
export { dirtyExtents, isDirty } from "./dirty/read-bitmap.ts";
export {
  type ErrorDetails,
  type Fact,
  type Facts,
  findCause,
  IommuError,
  isIommuError,
} from "./errors/base.ts";
export {
  ADDRESS_UPDATE_ERRORS,
  ATTACH_ERRORS,
  DIRTY_ERRORS,
  ERROR_CODES,
  type ErrorCode,
  MAP_ERRORS,
  UNMAP_ERRORS,
  WINDOW_ERRORS,
} from "./errors/codes.ts";
export { type KernelAnswer, refusedByKernel } from "./errors/kernel.ts";
export { createIommu, type Iommu } from "./iommu.ts";
export { type LockedMemory, readLockedMemory } from "./memory/locked-memory.ts";
export type { HostMemory, KernelPort, MapMemoryRequest } from "./port/kernel-port.ts";
