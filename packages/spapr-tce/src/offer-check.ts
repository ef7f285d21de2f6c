// Whether an offer is one that a kernel could make. `readOffer` answers no other; people write them by hand
// to plan for another machine.

import { isUnsigned64, told } from "./arguments.ts";
import { DEFAULT_PAGE, type WindowOffer } from "./offer.ts";
import { isPowerOfTwo } from "./table-size.ts";

/** IOMMU_TABLE_GROUP_MAX_TABLES, arch/powerpc/include/asm/iommu.h (6.12). */
export const WINDOW_SLOTS = 2;
/** No hardware has more (POWERNV_IOMMU_MAX_LEVELS, 6.12). */
export const MOST_LEVELS = 5;
/** Pages of Linux on POWER. */
const KERNEL_PAGES: readonly unknown[] = [4096, 65_536];
/** GET_INFO tells the default window in 32 bits. */
const BELOW_4G = 1n << 32n;

/** What is wrong with an offer, for a sentence; undefined when nothing is. */
export function offerProblem(value: unknown): string | undefined {
  const offer = Object(value) as Partial<WindowOffer>; // cast: looked at member by member
  const { tables, kernelPageSize, pageSizes, windows, levels } = offer;
  if (tables !== "flat" && tables !== "levelled")
    return `its offer has tables "flat" or "levelled", not ${told(tables)}`;
  if (!KERNEL_PAGES.includes(kernelPageSize))
    return `its offer has kernel pages of 4096 or 65536 bytes, not ${told(kernelPageSize)}`;
  if (!isUnsigned64(pageSizes) || pageSizes === 0n)
    return `its offer has page sizes as a bigint with a bit for each, not ${told(pageSizes)}`;
  if (!isCount(windows, WINDOW_SLOTS)) return `its offer has 1 or 2 windows, not ${told(windows)}`;
  if (!isCount(levels, MOST_LEVELS))
    return `its offer has tables of 1 to ${MOST_LEVELS} levels, not ${told(levels)}`;
  return isDefaultWindow(offer.defaultWindow)
    ? undefined
    : "its offer has a default window of { start, size }: a power of two of bytes, aligned, below 4 GiB";
}

function isCount(value: unknown, most: number): boolean {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most;
}

function isDefaultWindow(value: unknown): boolean {
  const { start, size } = Object(value) as Partial<WindowOffer["defaultWindow"]>; // cast: as above
  if (!(isUnsigned64(start) && isUnsigned64(size))) return false;
  return (
    isPowerOfTwo(size) &&
    size >= BigInt(DEFAULT_PAGE) &&
    start % size === 0n &&
    start + size <= BELOW_4G
  );
}
