// What sPAPR offers here, each thing refused with its reason.

import { type CapabilityRecord, type CapabilityStatus, formatSize } from "@iommukit/core";
import { offeredPages, type WindowOffer } from "./offer.ts";

/** `offer` is what v2 tells; v1 tells nothing, and `eeh` is VFIO_CHECK_EXTENSION(VFIO_EEH). */
export function capabilitiesOf(offer: WindowOffer | undefined, eeh: number): CapabilityRecord {
  return Object.freeze({
    // Between the group's claim and its first window the device has no window at all.
    isolation: { offered: true },
    // IODA checks each MSI against the PE it was given to (opal_pci_set_xive_pe); in an LPAR the
    // hypervisor does. QEMU's PHB does not check yet.
    "interrupt-isolation": { offered: true },
    "write-only": writeOnly(offer),
    "dma-coherent": {
      offered: true,
      detail: "spapr_tce_iommu_capable, arch/powerpc/kernel/iommu.c (6.12)",
    },
    "unmap-all": not("the sPAPR driver has no VFIO_DMA_UNMAP_FLAG_ALL"),
    "dirty-tracking": not("the sPAPR driver does not log written pages"),
    migration: not("the sPAPR driver describes no dirty bitmaps"),
    "available-mappings": not("sPAPR counts no mappings: a window's entries are the limit"),
    "update-vaddr": not("the sPAPR driver has no VFIO_DMA_MAP_FLAG_VADDR"),
    "dynamic-windows": dynamicWindows(offer),
    "memory-registration":
      offer === undefined ? not("v1 pins memory when it is mapped") : { offered: true },
    eeh:
      eeh > 0
        ? { offered: true }
        : not(`EEH is off here: VFIO_CHECK_EXTENSION(VFIO_EEH) answered ${eeh}`),
  });
}

/** Powernv sets the read bit in every writable entry: seen with QEMU's PHB4. An LPAR's keeps the bits. */
function writeOnly(offer: WindowOffer | undefined): CapabilityStatus {
  if (offer === undefined) return not("v1 does not tell whether writable pages can be read");
  if (offer.tables === "flat") return { offered: true };
  return not("Linux makes every writable entry of a powernv table readable");
}

function dynamicWindows(offer: WindowOffer | undefined): CapabilityStatus {
  if (offer === undefined) return not("v1 has its default window and no other");
  const pages = offeredPages(offer).map(formatSize).join(", ");
  const levels = offer.levels === 1 ? "1 level" : `1 to ${offer.levels} levels`;
  return { offered: true, detail: `${offer.windows} windows of ${pages} pages, ${levels}` };
}

function not(reason: string): CapabilityStatus {
  return { offered: false, reason };
}
