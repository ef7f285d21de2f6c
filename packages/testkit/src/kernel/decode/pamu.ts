// Places of the fields of the PAMU structs, and the commands, of Freescale's vendor kernels.
//
// No mainline header has them; they are those of include/uapi/linux/vfio.h in Freescale SDK 1.4 to 2.0.
// The same on ppc32 and ppc64: u64 is aligned to 8 on both. Commands 15 to 19 are other things upstream (pamu.md 3.1, 3.2).

import { at, type StructTable } from "./struct-view.ts";

export const PAMU_GET_ATTR = 15;
export const PAMU_SET_ATTR = 16;
export const PAMU_GET_MSI_BANK_COUNT = 17;
export const PAMU_MAP_MSI_BANK = 18;
export const PAMU_UNMAP_MSI_BANK = 19;

/** The driver's own names of its commands. */
export const PAMU_NAMES: Readonly<Record<number, string>> = {
  15: "VFIO_IOMMU_PAMU_GET_ATTR",
  16: "VFIO_IOMMU_PAMU_SET_ATTR",
  17: "VFIO_IOMMU_PAMU_GET_MSI_BANK_COUNT",
  18: "VFIO_IOMMU_PAMU_MAP_MSI_BANK",
  19: "VFIO_IOMMU_PAMU_UNMAP_MSI_BANK",
};

/** Values of `attribute`, each with its member of the union. */
export const ATTR_GEOMETRY = 0;
export const ATTR_WINDOWS = 1;
export const ATTR_PAMU_STASH = 2;

/** The members of the union share their place: geometry, windows, stash. */
export const PAMU_ATTR: StructTable<
  "argsz" | "flags" | "attribute" | "aperture_start" | "aperture_end" | "windows" | "cpu" | "cache"
> = {
  struct: "vfio_pamu_attr",
  size: 32,
  fields: {
    argsz: at(0, 4),
    flags: at(4, 4),
    attribute: at(8, 4),
    aperture_start: at(16, 8),
    aperture_end: at(24, 8),
    windows: at(16, 4),
    cpu: at(16, 4),
    cache: at(20, 4),
  },
};

export const PAMU_MSI_BANK_MAP: StructTable<"argsz" | "flags" | "msi_bank_index" | "iova"> = {
  struct: "vfio_pamu_msi_bank_map",
  size: 24,
  fields: { argsz: at(0, 4), flags: at(4, 4), msi_bank_index: at(8, 4), iova: at(16, 8) },
};

export const PAMU_MSI_BANK_UNMAP: StructTable<"argsz" | "flags" | "iova"> = {
  struct: "vfio_pamu_msi_bank_unmap",
  size: 16,
  fields: { argsz: at(0, 4), flags: at(4, 4), iova: at(8, 8) },
};

/** Every table of this file, for the comparison with C. */
export const PAMU_STRUCTS: readonly StructTable[] = [
  PAMU_ATTR,
  PAMU_MSI_BANK_MAP,
  PAMU_MSI_BANK_UNMAP,
];
