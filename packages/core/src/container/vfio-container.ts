// The VFIO container's descriptor: opened, its API version checked, asked for extensions.

import { ioctlNumber } from "../abi/ioctl-number.ts";
import { IommuError } from "../errors/base.ts";
import { refusedByKernel } from "../errors/kernel.ts";
import type { KernelPort } from "../port/kernel-port.ts";
import * as uapi from "../uapi/container.ts";
import { VFIO_CONTAINER } from "./paths.ts";

/**
 * Opens `/dev/vfio/vfio` and checks its API version.
 *
 * Valid errors: `vfio-missing`, `permission-denied`, `kernel-refused`, `kernel-misbehaved`.
 */
export function openVfioContainer(port: KernelPort): number {
  const fd = port.open(VFIO_CONTAINER, "rw");
  if (fd < 0)
    throw refusedByKernel(port.abi, {
      operation: `open ${VFIO_CONTAINER}`,
      result: fd,
      sentence: "this kernel's VFIO container cannot be opened",
      codes: { ENOENT: "vfio-missing", ENODEV: "vfio-missing", ENXIO: "vfio-missing" },
      hints: {
        ENOENT: "load the module: modprobe vfio vfio_iommu_type1 vfio-pci",
        ENODEV: "load the module: modprobe vfio vfio_iommu_type1 vfio-pci",
        EACCES: `let this user read and write ${VFIO_CONTAINER}`,
      },
    });
  const version = port.ioctl(fd, ioctlNumber(port.abi, uapi.VFIO_GET_API_VERSION), 0);
  if (version === uapi.VFIO_API_VERSION) return fd;
  port.close(fd);
  if (version < 0)
    throw refusedByKernel(port.abi, {
      operation: "VFIO_GET_API_VERSION",
      result: version,
      sentence: `${VFIO_CONTAINER} is not a VFIO container`,
    });
  throw new IommuError({
    code: "kernel-misbehaved",
    operation: "VFIO_GET_API_VERSION",
    sentence: `the kernel speaks VFIO API version ${version}, this library ${uapi.VFIO_API_VERSION}`,
    facts: { version },
  });
}

/** VFIO_CHECK_EXTENSION: a positive number when the kernel has it, 0 or -errno when not. */
export function checkExtension(port: KernelPort, container: number, extension: number): number {
  return port.ioctl(container, ioctlNumber(port.abi, uapi.VFIO_CHECK_EXTENSION), extension);
}

/** VFIO_SET_IOMMU: 0 or -errno. */
export function setIommu(port: KernelPort, container: number, type: number): number {
  return port.ioctl(container, ioctlNumber(port.abi, uapi.VFIO_SET_IOMMU), type);
}
