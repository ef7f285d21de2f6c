// The cheapest windows for a request, by looking at every pair of page sizes.
//
// A window's cost depends on its page and on the highest address in it alone. So for a pair of pages, one
// for each of the two windows, the ranges that both could carry go all to the one or all to the other: a
// mixture makes neither window smaller than one of these two does. That makes at most 2 * 6 * 6 cases,
// however many ranges there are, and none is missed.

import { DEFAULT_PAGE, HIGH_START, mmioBelow4G, offeredPages, type WindowOffer } from "../offer.ts";
import { type PossibleWindow, shapeWindow } from "../window-shape.ts";
import { endOf, largestPage, type MemoryRange, type PlanRequest } from "./request.ts";

/** One window of a plan. */
export interface PlannedWindow {
  /** First bus address, where the kernel will put it. */
  readonly start: bigint;
  readonly size: bigint;
  readonly pageSize: number;
  readonly levels: number;
  /** Bytes charged for its table. */
  readonly tableBytes: bigint;
  /** `default` is there already; `create` is made, in the order of the plan. */
  readonly from: "default" | "create";
  /** What it carries, each range at `start + address`. Empty: it only keeps its place. */
  readonly ranges: readonly MemoryRange[];
}

/** Windows that carry all of a request's memory. */
export interface WindowPlan {
  /** What it was planned for: a container that offers something else does not take it. */
  readonly offer: WindowOffer;
  readonly defaultWindow: "kept" | "removed";
  readonly windows: readonly PlannedWindow[];
  readonly tableBytes: bigint;
  /** Bytes charged for the memory itself when it is registered. */
  readonly registeredBytes: bigint;
  /** Both together: what the limit must hold. */
  readonly lockedBytes: bigint;
}

/** Pages of the low and of the high window; undefined: there is none. */
interface Pages {
  readonly low: number | undefined;
  readonly high: number | undefined;
}

/** The plan that locks the least, whatever the limit; undefined when no windows can carry the memory. */
export function cheapestPlan(request: PlanRequest): WindowPlan | undefined {
  const pages = offeredPages(request.offer);
  let best: WindowPlan | undefined;
  // Of plans that are as good, the first is taken: small pages low, where 32-bit devices reach.
  for (const low of [...pages, undefined])
    for (const high of [undefined, ...pages.toReversed()])
      for (const shared of ["low", "high"] as const) {
        const plan = planWith(request, { low, high }, shared);
        if (plan !== undefined && isBetter(plan, best)) best = plan;
      }
  return best;
}

function isBetter(plan: WindowPlan, best: WindowPlan | undefined): boolean {
  if (best === undefined || plan.lockedBytes < best.lockedBytes) return true;
  return plan.lockedBytes === best.lockedBytes && plan.windows.length < best.windows.length;
}

function planWith(
  request: PlanRequest,
  pages: Pages,
  shared: "low" | "high",
): WindowPlan | undefined {
  const split = splitRanges(request, pages, shared);
  if (split === undefined) return undefined;
  const { offer } = request;
  const windows: PlannedWindow[] = [];
  if (split.low.length > 0) {
    const low = lowWindow(offer, pages.low, split.low);
    if (low === undefined) return undefined;
    windows.push(low);
  }
  if (split.high.length > 0) {
    const high = highWindow(
      offer,
      pages.high,
      split.high,
      windows.length === 0 ? "first" : "second",
    );
    if (high === undefined) return undefined;
    // A powernv kernel fills its first place first, so that a window must stand there.
    const keeper =
      windows.length === 0 && offer.tables === "levelled" ? placeKeeper(offer) : undefined;
    windows.push(...(keeper === undefined ? [high] : [keeper, high]));
  }
  if (windows.length > offer.windows) return undefined;
  return total(request, windows);
}

/** Which window carries which range; undefined when one can go nowhere. */
function splitRanges(
  { offer, ranges, placement }: PlanRequest,
  { low, high }: Pages,
  shared: "low" | "high",
): { readonly low: readonly MemoryRange[]; readonly high: readonly MemoryRange[] } | undefined {
  const split: Record<"low" | "high", MemoryRange[]> = { low: [], high: [] };
  for (const range of ranges) {
    const page = largestPage(range);
    const fitsLow = low !== undefined && low <= page && !meetsMmio(offer, range);
    const fitsHigh = high !== undefined && high <= page && placement !== "identity";
    if (!(fitsLow || fitsHigh)) return undefined;
    const only = fitsLow ? "low" : "high";
    split[fitsLow && fitsHigh ? shared : only].push(range);
  }
  return split;
}

/** Whether a range, carried by the window at 0, would lie where DMA does not reach memory. */
export function meetsMmio(offer: WindowOffer, range: MemoryRange): boolean {
  const mmio = mmioBelow4G(offer);
  const address = offer.defaultWindow.start + range.address;
  return mmio !== undefined && address < mmio.end && address + range.size > mmio.first;
}

function lowWindow(
  offer: WindowOffer,
  page: number | undefined,
  ranges: readonly MemoryRange[],
): PlannedWindow | undefined {
  const shape = smallest(offer, page, ranges);
  if (shape === undefined) return undefined;
  const { start, size } = offer.defaultWindow;
  const likeDefault = shape.pageSize === DEFAULT_PAGE && shape.size <= size;
  if (offer.tables === "flat" && !likeDefault) return undefined;
  const from = likeDefault && shape.size === size && shape.levels === 1 ? "default" : "create";
  return planned(shape, start, from, ranges);
}

function highWindow(
  offer: WindowOffer,
  page: number | undefined,
  ranges: readonly MemoryRange[],
  place: "first" | "second",
): PlannedWindow | undefined {
  if (offer.windows < 2) return undefined;
  const shape = smallest(offer, page, ranges);
  if (shape === undefined) return undefined;
  // An LPAR's first window, when it is like the default one, is given in that one's place.
  const likeDefault = shape.pageSize === DEFAULT_PAGE && shape.size <= offer.defaultWindow.size;
  if (offer.tables === "flat" && place === "first" && likeDefault) return undefined;
  return planned(shape, HIGH_START, "create", ranges);
}

/**
 * A window for no other reason than that the next one begins at bit 59: of as many pages as the smallest
 * table holds, since the kernel makes no smaller one (an eighth of its page in entries).
 */
function placeKeeper(offer: WindowOffer): PlannedWindow | undefined {
  const size = BigInt(DEFAULT_PAGE) * BigInt(offer.kernelPageSize / 8);
  const { window } = shapeWindow(offer, { pageSize: DEFAULT_PAGE, size });
  return window && planned(window, offer.defaultWindow.start, "create", []);
}

/** The smallest window of these pages that reaches the last byte of the ranges. */
function smallest(
  offer: WindowOffer,
  page: number | undefined,
  ranges: readonly MemoryRange[],
): PossibleWindow | undefined {
  if (page === undefined) return undefined;
  const end = endOf(ranges);
  let size = BigInt(page);
  while (size < end) size *= 2n;
  return shapeWindow(offer, { pageSize: page, size }).window;
}

function planned(
  { size, pageSize, levels, tableBytes }: PossibleWindow,
  start: bigint,
  from: PlannedWindow["from"],
  ranges: readonly MemoryRange[],
): PlannedWindow {
  return { start, size, pageSize, levels, tableBytes, from, ranges };
}

function total({ offer, ranges }: PlanRequest, windows: readonly PlannedWindow[]): WindowPlan {
  const tableBytes = windows.reduce((sum, window) => sum + window.tableBytes, 0n);
  const registeredBytes = ranges.reduce((sum, range) => sum + range.size, 0n);
  const kept = windows.some((window) => window.from === "default");
  return {
    offer,
    defaultWindow: kept ? "kept" : "removed",
    windows,
    tableBytes,
    registeredBytes,
    lockedBytes: tableBytes + registeredBytes,
  };
}
