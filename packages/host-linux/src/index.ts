// @iommukit/host-linux: this machine's Linux behind the kernel port.

export { detectAbi, type MachineFacts } from "./abi-detect.ts";
export { type EventStreamOptions, eventStream } from "./event-stream.ts";
export type { LinuxHostOptions } from "./kernel-port.ts";
export { linuxHost } from "./linux-host.ts";
export { type LockLimits, readLockLimits } from "./locked-limit.ts";
export { isPciAddress } from "./pci-address.ts";
export { listPciDevices, type PciDevice } from "./pci-devices.ts";
export { type BoundDevice, bindToVfio, type VfioBinding } from "./vfio-bind.ts";
