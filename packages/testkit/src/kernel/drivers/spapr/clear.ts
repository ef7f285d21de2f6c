// Clearing TCEs and what each one held: a page of version 1, a count of a region in version 2.
//
// tce_iommu_clear of drivers/vfio/vfio_iommu_spapr_tce.c. Entries that hold nothing are passed over.

import type { TceTable } from "../../iommu/tce-table.ts";
import type { SpaprState } from "./state.ts";

export function clearEntries(
  state: SpaprState,
  table: TceTable,
  first: number,
  pages: number,
): void {
  const end = first + pages;
  for (let entry = table.next(first, end); entry < end; entry = table.next(entry + 1, end)) {
    if (table.exchange(entry, 0, 0) !== 0) continue;
    if (table.oldPermissions !== 0) releaseEntry(state, table, entry, table.oldFrame);
  }
  table.invalidate(first, pages);
}

/** What stood in an entry is used once less; `frame` is the one it pointed to. */
export function releaseEntry(
  state: SpaprState,
  table: TceTable,
  entry: number,
  frame: number,
): void {
  if (state.version === 1) {
    state.pins.unpin(frame);
    return;
  }
  const address = table.shadow(entry);
  const page = Math.floor(address / 4096);
  const region = state.regions?.holding(page, 2 ** (table.pageShift - 12));
  if (region !== undefined && region.mapped > 1) region.mapped -= 1;
  table.setShadow(entry, 0, 0);
}
