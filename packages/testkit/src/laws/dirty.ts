// The laws of dirty tracking: no write is lost, and each bit is its page's.

import type { DirtyBitmap, IovaExtent } from "@iommukit/core";
import type { ModelContainer, Pages } from "../model/model.ts";
import { demand } from "./law.ts";

/** I31, I32, I34: every page of the range that a device wrote is in a bitmap, or told to be unknown. */
export function writesAreTold(
  model: ModelContainer,
  bitmaps: readonly DirtyBitmap[],
  unknown: readonly IovaExtent[],
  range: Pages,
): void {
  for (const page of model.written) {
    if (page < range.first || page >= range.first + range.pages) continue;
    const told =
      bitmaps.some((bitmap) => isSet(bitmap, page)) || unknown.some((each) => holds(each, page));
    demand("I31", told, () => `page ${page} was written and is in no bitmap`);
  }
}

/** I33: as many bytes as the pages need, and no bit of a page that is not mapped. */
export function bitsAreOfPages(model: ModelContainer, bitmap: DirtyBitmap): void {
  const pages = Number(bitmap.size) / bitmap.pageSize;
  const bytes = 8 * Math.ceil(pages / 64);
  demand("I33", bitmap.bits.length === bytes, () => {
    return `a bitmap of ${pages} pages has ${bitmap.bits.length} bytes, not ${bytes}`;
  });
  const first = Number(bitmap.iova / 4096n);
  for (const [index, byte] of bitmap.bits.entries()) {
    // A window of 4 GiB has 131,072 of them, and a history writes a few pages.
    if (byte === 0) continue;
    for (let bit = index * 8; bit < index * 8 + 8; bit++) {
      const set = (byte & (1 << (bit & 7))) !== 0;
      const mapped = bit < pages && model.pages.has(first + bit);
      demand("I33", mapped || !set, () => `bit ${bit} of page ${first + bit}, which is not mapped`);
    }
  }
}

function isSet({ iova, size, bits }: DirtyBitmap, page: number): boolean {
  const bit = page - Number(iova / 4096n);
  if (bit < 0 || bit >= Number(size / 4096n)) return false;
  return ((bits[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;
}

function holds({ iova, size }: IovaExtent, page: number): boolean {
  const first = Number(iova / 4096n);
  return page >= first && page < first + Number(size / 4096n);
}
