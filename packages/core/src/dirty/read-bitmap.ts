// Reads a dirty bitmap: one page, or the runs of written pages.

import { bytes, type Iova, iovaPlus } from "../address/address.ts";
import type { DirtyBitmap, IovaExtent } from "../contract/dirty.ts";

/** Whether the page that holds this IOVA is marked; false outside the bitmap's range. */
export function isDirty(bitmap: DirtyBitmap, iova: Iova): boolean {
  if (iova < bitmap.iova || iova - bitmap.iova >= bitmap.size) return false;
  return bitAt(bitmap.bits, Number((iova - bitmap.iova) / BigInt(bitmap.pageSize)));
}

/** The runs of marked pages, by IOVA, each as long as it goes. */
export function* dirtyExtents(bitmap: DirtyBitmap): Generator<IovaExtent> {
  const pages = Number(bitmap.size / BigInt(bitmap.pageSize));
  for (let page = next(bitmap.bits, 0, pages, true); page < pages; ) {
    const end = next(bitmap.bits, page, pages, false);
    const size = bytes(BigInt(end - page) * BigInt(bitmap.pageSize));
    yield { iova: iovaPlus(bitmap.iova, BigInt(page) * BigInt(bitmap.pageSize)), size };
    page = next(bitmap.bits, end, pages, true);
  }
}

/** The first page from `page` on whose bit is `wanted`, or `pages`. */
function next(bits: Uint8Array, from: number, pages: number, wanted: boolean): number {
  const uniform = wanted ? 0 : 0xff;
  let page = from;
  while (page < pages) {
    // Bitmaps are mostly runs: a byte without a change is passed at once.
    if (page % 8 === 0 && bits[page / 8] === uniform) page += 8;
    else if (bitAt(bits, page) === wanted) return page;
    else page++;
  }
  return pages;
}

function bitAt(bits: Uint8Array, bit: number): boolean {
  return ((bits[Math.floor(bit / 8)] ?? 0) & (1 << (bit % 8))) !== 0;
}
