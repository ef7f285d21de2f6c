// What a PAMU offers under the vendor's driver, each thing refused with its reason.

import type { CapabilityRecord, CapabilityStatus } from "@iommukit/core";

/** What the record says in numbers. */
export interface PamuNumbers {
  readonly maxWindows: number;
  readonly msiBanks: number;
}

export function pamuCapabilities({ maxWindows, msiBanks }: PamuNumbers): CapabilityRecord {
  return Object.freeze({
    isolation: { offered: true },
    // MSI is a write like any other here: without a bank's window a device can raise none.
    "interrupt-isolation": {
      offered: true,
      detail:
        "no interrupt leaves a device until an MSI bank is mapped; users of a bank share its vectors",
    },
    "write-only": { offered: true },
    // Every entry is made with CR = 1 (coherent).
    "dma-coherent": { offered: true },
    "unmap-all": not("VFIO_IOMMU_UNMAP_DMA takes no flags under the PAMU's driver"),
    "dirty-tracking": not("the PAMU's driver has no dirty tracking"),
    migration: not("the PAMU's driver has no dirty tracking"),
    "available-mappings": not("the PAMU's driver counts windows, not mappings"),
    "update-vaddr": not("the PAMU's driver takes no new host addresses"),
    "dynamic-windows": not(
      "a PAMU has one aperture; windows.remove() and create() change it while nothing is mapped",
    ),
    "memory-registration": not("the PAMU's driver pins memory when it is mapped"),
    aperture: { offered: true, detail: `one, of at most ${maxWindows} windows` },
    "msi-banks":
      msiBanks > 0 ? { offered: true, detail: String(msiBanks) } : not("the SoC has none"),
    stash: { offered: true },
    "violation-events": not(
      "no version of the ABI reports violations; the kernel's log has them, and the device is blocked",
    ),
  });
}

function not(reason: string): CapabilityStatus {
  return { offered: false, reason };
}
