// What the kernel says of one region of a device.

import { askWithArgsz } from "../abi/argsz.ts";
import { ioctlNumber } from "../abi/ioctl-number.ts";
import { createReader } from "../abi/reader.ts";
import { createWriter } from "../abi/writer.ts";
import type { RegionInfo } from "../contract/device.ts";
import { IommuError } from "../errors/base.ts";
import { refusedByKernel } from "../errors/kernel.ts";
import type { KernelPort } from "../port/kernel-port.ts";
import * as uapi from "../uapi/region.ts";

/** VFIO_DEVICE_GET_REGION_INFO. Valid errors: `invalid-argument`, `kernel-refused`, `kernel-misbehaved`. */
export function readRegionInfo(
  port: KernelPort,
  fd: number,
  index: number,
  count: number,
): RegionInfo {
  if (!Number.isInteger(index) || index < 0 || index >= count)
    throw new IommuError({
      code: "invalid-argument",
      operation: "region",
      sentence: `the device has regions 0 to ${count - 1}, not ${String(index)}`,
      facts: { index, count },
    });
  const request = ioctlNumber(port.abi, uapi.VFIO_DEVICE_GET_REGION_INFO);
  const { result, bytes } = askWithArgsz(port.abi, {
    operation: "VFIO_DEVICE_GET_REGION_INFO",
    bytes: uapi.vfio_region_info.size,
    prepare: (argument) =>
      createWriter(uapi.vfio_region_info, port.abi, { bytes: argument }).set.index(index),
    call: (argument) => port.ioctl(fd, request, argument),
  });
  if (result !== 0)
    throw refusedByKernel(port.abi, {
      operation: "VFIO_DEVICE_GET_REGION_INFO",
      result,
      sentence: `the kernel does not tell about region ${index}`,
      facts: { index },
    });
  const { get } = createReader(uapi.vfio_region_info, port.abi, bytes);
  const flags = get.flags();
  return {
    index,
    size: get.size(),
    offset: get.offset(),
    readable: (flags & uapi.VFIO_REGION_INFO_FLAG_READ) !== 0,
    writable: (flags & uapi.VFIO_REGION_INFO_FLAG_WRITE) !== 0,
    mappable: (flags & uapi.VFIO_REGION_INFO_FLAG_MMAP) !== 0,
  };
}
