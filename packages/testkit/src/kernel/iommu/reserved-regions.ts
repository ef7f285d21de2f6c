// Regions of bus addresses in which a PC's kernel allows no mapping (frames of 4 KiB).

import type { ReservedRegion } from "./domain.ts";

/** Interrupt messages, 0xfee0_0000 to 0xfeef_ffff, on every x86 IOMMU. */
export const MSI_REGION: ReservedRegion = { first: 0xfee00, last: 0xfeeff, type: "msi" };

/** HyperTransport's own addresses, 0xfd_0000_0000 to 0xff_ffff_ffff (AMD IOMMU 2.1.4). */
export const HYPERTRANSPORT_REGION: ReservedRegion = {
  first: 0xfd0_0000,
  last: 0xfff_ffff,
  type: "reserved",
};

/** Further regions of one machine, by requester: firmware tables name them (RMRR, unity maps). */
export type ExtraRegions = ReadonlyMap<number, readonly ReservedRegion[]>;
