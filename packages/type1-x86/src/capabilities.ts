// What Type1v2 offers on this kernel, each thing refused with its reason.

import {
  type CapabilityRecord,
  type CapabilityStatus,
  checkExtension,
  type ProbeContext,
} from "@iommukit/core";
import { VFIO_DMA_CC_IOMMU, VFIO_UNMAP_ALL } from "@iommukit/core/uapi";
import type { Type1Info } from "./info.ts";

export function readCapabilities(context: ProbeContext, info: Type1Info): CapabilityRecord {
  return Object.freeze({
    isolation: { offered: true },
    "unmap-all": extension(context, VFIO_UNMAP_ALL, "VFIO_UNMAP_ALL"),
    "dma-coherent": extension(context, VFIO_DMA_CC_IOMMU, "VFIO_DMA_CC_IOMMU"),
    "dirty-tracking": notDriven(
      info.dirtyBitmapLimit === undefined
        ? "the kernel lists no migration capability"
        : "the kernel has it, this backend does not drive it",
    ),
    "update-vaddr": notDriven("this backend does not drive it"),
    "dynamic-windows": notDriven("Type1 windows are the IOVA ranges of the IOMMU and are fixed"),
    "memory-registration": notDriven("Type1 pins memory when it is mapped"),
  });
}

function extension(
  { port, container }: ProbeContext,
  value: number,
  name: string,
): CapabilityStatus {
  const answer = checkExtension(port, container, value);
  if (answer > 0) return { offered: true };
  return { offered: false, reason: `VFIO_CHECK_EXTENSION(${name}) answered ${answer}` };
}

function notDriven(reason: string): CapabilityStatus {
  return { offered: false, reason };
}
