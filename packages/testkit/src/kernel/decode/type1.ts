// Places of the fields of the Type1 structs, from include/uapi/linux/vfio.h of Linux 6.12.
//
// For the simulated kernel only; decode-vectors.test.ts compares each with the C compiler's answer.

import { at, type StructTable } from "./struct-view.ts";

export const TYPE1_INFO: StructTable<"argsz" | "flags" | "iova_pgsizes" | "cap_offset" | "pad"> = {
  struct: "vfio_iommu_type1_info",
  size: 24,
  fields: {
    argsz: at(0, 4),
    flags: at(4, 4),
    iova_pgsizes: at(8, 8),
    cap_offset: at(16, 4),
    pad: at(20, 4),
  },
};

export const CAP_HEADER: StructTable<"id" | "version" | "next"> = {
  struct: "vfio_info_cap_header",
  size: 8,
  fields: { id: at(0, 2), version: at(2, 2), next: at(4, 4) },
};

export const CAP_IOVA_RANGE: StructTable<"header" | "nr_iovas" | "reserved"> = {
  struct: "vfio_iommu_type1_info_cap_iova_range",
  size: 16,
  fields: { header: at(0, 8), nr_iovas: at(8, 4), reserved: at(12, 4) },
};

export const IOVA_RANGE: StructTable<"start" | "end"> = {
  struct: "vfio_iova_range",
  size: 16,
  fields: { start: at(0, 8), end: at(8, 8) },
};

export const CAP_MIGRATION: StructTable<
  "header" | "flags" | "pgsize_bitmap" | "max_dirty_bitmap_size"
> = {
  struct: "vfio_iommu_type1_info_cap_migration",
  size: 32,
  fields: {
    header: at(0, 8),
    flags: at(8, 4),
    pgsize_bitmap: at(16, 8),
    max_dirty_bitmap_size: at(24, 8),
  },
};

export const CAP_DMA_AVAIL: StructTable<"header" | "avail"> = {
  struct: "vfio_iommu_type1_info_dma_avail",
  size: 12,
  fields: { header: at(0, 8), avail: at(8, 4) },
};

export const DMA_MAP: StructTable<"argsz" | "flags" | "vaddr" | "iova" | "size"> = {
  struct: "vfio_iommu_type1_dma_map",
  size: 32,
  fields: {
    argsz: at(0, 4),
    flags: at(4, 4),
    vaddr: at(8, 8),
    iova: at(16, 8),
    size: at(24, 8),
  },
};

export const DMA_UNMAP: StructTable<"argsz" | "flags" | "iova" | "size"> = {
  struct: "vfio_iommu_type1_dma_unmap",
  size: 24,
  fields: { argsz: at(0, 4), flags: at(4, 4), iova: at(8, 8), size: at(16, 8) },
};

export const BITMAP: StructTable<"pgsize" | "size" | "data"> = {
  struct: "vfio_bitmap",
  size: 24,
  fields: { pgsize: at(0, 8), size: at(8, 8), data: at(16, 8) },
};

export const DIRTY_BITMAP: StructTable<"argsz" | "flags"> = {
  struct: "vfio_iommu_type1_dirty_bitmap",
  size: 8,
  fields: { argsz: at(0, 4), flags: at(4, 4) },
};

export const DIRTY_BITMAP_GET: StructTable<"iova" | "size" | "bitmap"> = {
  struct: "vfio_iommu_type1_dirty_bitmap_get",
  size: 40,
  fields: { iova: at(0, 8), size: at(8, 8), bitmap: at(16, 24) },
};

/** Every table of this file, for the comparison with C. */
export const TYPE1_STRUCTS: readonly StructTable[] = [
  TYPE1_INFO,
  CAP_HEADER,
  CAP_IOVA_RANGE,
  IOVA_RANGE,
  CAP_MIGRATION,
  CAP_DMA_AVAIL,
  DMA_MAP,
  DMA_UNMAP,
  BITMAP,
  DIRTY_BITMAP,
  DIRTY_BITMAP_GET,
];
