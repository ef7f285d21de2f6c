// Ioctls of a container descriptor (/dev/vfio/vfio) that every kind of IOMMU shares.
//
// Line numbers are of include/uapi/linux/vfio.h in Linux 6.12. The calls that map are the backends'.

import type { IoctlCommand } from "../abi/ioctl-number.ts";
import { vfioCommand } from "./vfio-command.ts";

/** No argument; answers `VFIO_API_VERSION`. vfio.h:111 (6.12). */
export const VFIO_GET_API_VERSION: IoctlCommand = vfioCommand(0);

/** The argument is an extension; answers 0 or a positive number. vfio.h:120 (6.12). */
export const VFIO_CHECK_EXTENSION: IoctlCommand = vfioCommand(1);

/** The argument is one of the `_IOMMU` extensions. vfio.h:133 (6.12). */
export const VFIO_SET_IOMMU: IoctlCommand = vfioCommand(2);

// The API version, and the extensions that name a kind of IOMMU or a feature of it. vfio.h:18
export const VFIO_API_VERSION = 0;
export const VFIO_TYPE1_IOMMU = 1;
export const VFIO_SPAPR_TCE_IOMMU = 2;
export const VFIO_TYPE1v2_IOMMU = 3;
export const VFIO_DMA_CC_IOMMU = 4;
export const VFIO_EEH = 5;
export const VFIO_TYPE1_NESTING_IOMMU = 6;
export const VFIO_SPAPR_TCE_v2_IOMMU = 7;
export const VFIO_NOIOMMU_IOMMU = 8;
export const VFIO_UNMAP_ALL = 9;
export const VFIO_UPDATE_VADDR = 10;
