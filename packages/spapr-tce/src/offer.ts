// What a group's hardware and firmware offer for windows: the part of GET_INFO that planning needs.

import { log2, type TableKind, type TableMaker } from "./table-size.ts";

/** What windows can be made of. */
export interface WindowOffer extends TableMaker {
  readonly tables: TableKind;
  /** Bit n: window pages of 2^n bytes. */
  readonly pageSizes: bigint;
  /** Windows at one time, the default window among them: 1 or 2. */
  readonly windows: number;
  /** Levels of a table: up to 5 on powernv, 1 on pseries. */
  readonly levels: number;
  /** The window that is there without asking, of 4 KiB pages below 4 GiB. */
  readonly defaultWindow: { readonly start: bigint; readonly size: bigint };
}

/** Bytes of a page of the default window, on kernels of any page size (IOMMU_PAGE_SHIFT_4K). */
export const DEFAULT_PAGE = 4096;

/** Where a window begins that is not the first: bit 59 of a PCI address selects the PE's second TVE. */
export const HIGH_START: bigint = 1n << 59n;

/**
 * Bus addresses between the end of the default window and 4 GiB are the PHB's own: 32-bit BARs, and the
 * port for 32-bit MSIs. Linux reserves them in its own windows at 0 (m32_pci_base, powernv/pci-ioda.c,
 * 6.12); a VFIO window may span them, and DMA there still does not reach memory. An LPAR has no such range.
 */
export function mmioBelow4G({
  tables,
  defaultWindow,
}: WindowOffer): { readonly first: bigint; readonly end: bigint } | undefined {
  if (tables === "flat") return undefined;
  const first = defaultWindow.start + defaultWindow.size;
  const end = 1n << 32n;
  return first < end ? { first, end } : undefined;
}

/** The page sizes of an offer, in bytes, smallest first. */
export function offeredPages({ pageSizes }: Pick<WindowOffer, "pageSizes">): readonly number[] {
  const sizes: number[] = [];
  for (let shift = 12; shift < 53; shift++)
    if ((pageSizes >> BigInt(shift)) % 2n === 1n) sizes.push(2 ** shift);
  return sizes;
}

/** The shift of a page size that is a power of two. */
export function pageShift(pageSize: number): number {
  return log2(BigInt(pageSize));
}
