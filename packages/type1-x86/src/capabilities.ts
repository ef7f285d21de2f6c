// What Type1v2 offers on this kernel, each thing refused with its reason.

import {
  type CapabilityRecord,
  type CapabilityStatus,
  checkExtension,
  type ProbeContext,
  readIommuLinks,
} from "@iommukit/core";
import { VFIO_DMA_CC_IOMMU, VFIO_UNMAP_ALL } from "@iommukit/core/uapi";
import type { Type1Info } from "./info.ts";

const ALLOW_UNSAFE_INTERRUPTS = "/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts";

export function readCapabilities(context: ProbeContext, info: Type1Info): CapabilityRecord {
  return Object.freeze({
    isolation: { offered: true },
    "interrupt-isolation": interruptIsolation(context),
    "write-only": writeOnly(context),
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

/** Where it is not allowed to skip it, the kernel refuses a group whose interrupts are not remapped. */
function interruptIsolation({ port }: ProbeContext): CapabilityStatus {
  const parameter = port.readText(ALLOW_UNSAFE_INTERRUPTS);
  if (typeof parameter === "string" && /^[N0]\n?$/.test(parameter)) return { offered: true };
  return notDriven(
    typeof parameter === "string"
      ? "vfio_iommu_type1.allow_unsafe_interrupts is set, so the kernel did not ask for it"
      : "sysfs does not tell whether the kernel asked for it",
  );
}

/**
 * Linux sets bit 0 in every VT-d entry (DMA_FL_PTE_PRESENT, drivers/iommu/intel/iommu.c, 6.12), and in
 * second-stage tables bit 0 is the read permission: what a device may write it may read too. Seen with
 * QEMU's VT-d; its AMD-Vi and virtio-iommu block the read.
 */
function writeOnly({ port, groups }: ProbeContext): CapabilityStatus {
  const links = groups().flatMap((group) => readIommuLinks(port, group));
  if (links.length === 0) return notDriven("sysfs does not tell which IOMMU serves the group");
  for (const link of links) {
    if (/\/dmar\d+$/.test(link))
      return notDriven("Linux makes every writable VT-d mapping readable");
    if (!/\/(ivhd\d+$|virtio\d+\/iommu\/)/.test(link))
      return notDriven(`whether the IOMMU at ${link} prevents reads is not known`);
  }
  return { offered: true };
}

function notDriven(reason: string): CapabilityStatus {
  return { offered: false, reason };
}
