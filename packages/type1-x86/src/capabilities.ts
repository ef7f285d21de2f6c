// What Type1 offers on this kernel, each thing refused with its reason.

import {
  type CapabilityRecord,
  type CapabilityStatus,
  checkExtension,
  formatSize,
  type ProbeContext,
  readIommuLinks,
} from "@iommukit/core";
import { VFIO_DMA_CC_IOMMU, VFIO_UNMAP_ALL, VFIO_UPDATE_VADDR } from "@iommukit/core/uapi";
import { limits } from "./dirty.ts";
import type { Type1Info } from "./info.ts";
import type { Type1Version } from "./version.ts";

const ALLOW_UNSAFE_INTERRUPTS = "/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts";

export function readCapabilities(
  context: ProbeContext,
  info: Type1Info,
  version: Type1Version,
): CapabilityRecord {
  return Object.freeze({
    isolation: { offered: true },
    "interrupt-isolation": interruptIsolation(context),
    "write-only": writeOnly(context),
    "unmap-all": extension(context, VFIO_UNMAP_ALL, "VFIO_UNMAP_ALL"),
    "dma-coherent": extension(context, VFIO_DMA_CC_IOMMU, "VFIO_DMA_CC_IOMMU"),
    migration: migration(info),
    "available-mappings": availableMappings(info),
    "dirty-tracking": dirtyTracking(info, version),
    "update-vaddr": updateVaddr(context),
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

/** Both came with Linux 5.12; the value is 0 before the IOMMU is set and with mediated devices. */
function updateVaddr(context: ProbeContext): CapabilityStatus {
  const update = extension(context, VFIO_UPDATE_VADDR, "VFIO_UPDATE_VADDR");
  return update.offered ? extension(context, VFIO_UNMAP_ALL, "VFIO_UNMAP_ALL") : update;
}

/** The kernel lists it under both versions, and answers EACCES to every call under version 1. */
function dirtyTracking(info: Type1Info, version: Type1Version): CapabilityStatus {
  if (version === 1) return notDriven("VFIO_IOMMU_DIRTY_PAGES is refused under Type1 version 1");
  return migration(info);
}

function migration({ migration: said, pageSizes }: Type1Info): CapabilityStatus {
  if (said === undefined) return notDriven("the kernel lists no migration capability");
  const { pageSize, maxBitmapBytes } = limits(said);
  // Bits and mappings must be of the same pages, or a bit would stand for parts of two mappings.
  if (BigInt(pageSize) !== (pageSizes & -pageSizes) || maxBitmapBytes < 8)
    return notDriven("the kernel's dirty bitmaps do not fit its page sizes");
  return {
    offered: true,
    detail: `pages of ${formatSize(pageSize)}, bitmaps of at most ${formatSize(maxBitmapBytes)}`,
  };
}

function availableMappings({ mappingsAvailable }: Type1Info): CapabilityStatus {
  if (mappingsAvailable === undefined) return notDriven("the kernel lists no such number");
  return { offered: true, detail: `${mappingsAvailable} when last asked` };
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
