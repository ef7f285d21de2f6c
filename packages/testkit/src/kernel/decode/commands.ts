// Which VFIO command an ioctl request is: the kernel's own reading of the number.
//
// A command is the `n` of `_IO(';', 100 + n)`. One number means different things on a container and
// on a device, so the caller dispatches on the file first and then on the command.

import type { KernelAbi } from "../port-types.ts";
import { SPAPR_NAMES } from "./spapr.ts";

const VFIO_TYPE = 0x3b;
const VFIO_BASE = 100;
/** On powerpc "no direction" is 1, not 0, at bit 29 (arch/powerpc/include/uapi/asm/ioctl.h). */
const POWERPC_NO_DIRECTION = 0x2000_0000;

const NOT_VFIO = -1;

/** The VFIO command number of a request, or `NOT_VFIO`. */
export function vfioCommand(abi: KernelAbi, request: number): number {
  const direction = abi.ioctlEncoding === "powerpc" ? POWERPC_NO_DIRECTION : 0;
  const command = (request >>> 0) - (direction + VFIO_TYPE * 0x100 + VFIO_BASE);
  return command >= 0 && command < 0x100 - VFIO_BASE ? command : NOT_VFIO;
}

export const GET_API_VERSION = 0;
export const CHECK_EXTENSION = 1;
export const SET_IOMMU = 2;
export const GROUP_GET_STATUS = 3;
export const GROUP_SET_CONTAINER = 4;
export const GROUP_UNSET_CONTAINER = 5;
export const GROUP_GET_DEVICE_FD = 6;
export const DEVICE_GET_INFO = 7;
export const DEVICE_GET_REGION_INFO = 8;
export const DEVICE_GET_IRQ_INFO = 9;
export const DEVICE_SET_IRQS = 10;
export const DEVICE_RESET = 11;
export const DEVICE_GET_PCI_HOT_RESET_INFO = 12;
export const DEVICE_PCI_HOT_RESET = 13;
export const DEVICE_IOEVENTFD = 16;
export const DEVICE_FEATURE_COMMAND = 17;
export const IOMMU_GET_INFO = 12;
export const IOMMU_MAP_DMA = 13;
export const IOMMU_UNMAP_DMA = 14;
export const IOMMU_DIRTY_PAGES = 17;

export type FileKind = "container" | "group" | "device" | "eventfd" | "file";

const CONTAINER_NAMES: Readonly<Record<number, string>> = {
  0: "VFIO_GET_API_VERSION",
  1: "VFIO_CHECK_EXTENSION",
  2: "VFIO_SET_IOMMU",
  12: "VFIO_IOMMU_GET_INFO",
  13: "VFIO_IOMMU_MAP_DMA",
  14: "VFIO_IOMMU_UNMAP_DMA",
  15: "VFIO_IOMMU_ENABLE",
  16: "VFIO_IOMMU_DISABLE",
  17: "VFIO_IOMMU_DIRTY_PAGES",
};

const GROUP_NAMES: Readonly<Record<number, string>> = {
  3: "VFIO_GROUP_GET_STATUS",
  4: "VFIO_GROUP_SET_CONTAINER",
  5: "VFIO_GROUP_UNSET_CONTAINER",
  6: "VFIO_GROUP_GET_DEVICE_FD",
};

const DEVICE_NAMES: Readonly<Record<number, string>> = {
  7: "VFIO_DEVICE_GET_INFO",
  8: "VFIO_DEVICE_GET_REGION_INFO",
  9: "VFIO_DEVICE_GET_IRQ_INFO",
  10: "VFIO_DEVICE_SET_IRQS",
  11: "VFIO_DEVICE_RESET",
  12: "VFIO_DEVICE_GET_PCI_HOT_RESET_INFO",
  13: "VFIO_DEVICE_PCI_HOT_RESET",
  16: "VFIO_DEVICE_IOEVENTFD",
  17: "VFIO_DEVICE_FEATURE",
};

const NAMES: Readonly<Record<FileKind, Readonly<Record<number, string>>>> = {
  container: CONTAINER_NAMES,
  group: GROUP_NAMES,
  device: DEVICE_NAMES,
  eventfd: {},
  file: {},
};

/** The kernels that have the sPAPR TCE driver, where the container's numbers mean other commands. */
const SPAPR_ARCHES: readonly KernelAbi["arch"][] = ["ppc64le", "ppc64"];

/** Names by command, for each kind of file. */
const POWER_NAMES: typeof NAMES = {
  ...NAMES,
  container: { ...CONTAINER_NAMES, ...SPAPR_NAMES },
};

/** The header's name of a request on a kind of file, or the number if it is not one of VFIO's. */
export function ioctlName(abi: KernelAbi, kind: FileKind, request: number): string {
  const names = SPAPR_ARCHES.includes(abi.arch) ? POWER_NAMES : NAMES;
  return nameIn(names, kind, vfioCommand(abi, request), request);
}

/** `ioctlName` of one ABI, for a command that is known already. */
export function ioctlNames(
  abi: KernelAbi,
): (kind: FileKind, command: number, request: number) => string {
  const names = SPAPR_ARCHES.includes(abi.arch) ? POWER_NAMES : NAMES;
  return (kind, command, request) => nameIn(names, kind, command, request);
}

function nameIn(names: typeof NAMES, kind: FileKind, command: number, request: number): string {
  return names[kind][command] ?? `0x${(request >>> 0).toString(16)}`;
}
