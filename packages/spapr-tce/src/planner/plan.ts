// Plans the windows of a container: from memory, page sizes and the limit to what is to be created.
//
// Pure: it asks no kernel, so a plan for another machine can be made anywhere.

import { formatRange, formatSize } from "@iommukit/core";
import { offeredPages } from "../offer.ts";
import { shapeWindow } from "../window-shape.ts";
import { helpsFor, type PlanHelp } from "./help.ts";
import { checkRequest, endOf, largestPage, type MemoryRange, type PlanRequest } from "./request.ts";
import { cheapestPlan, meetsMmio, type WindowPlan } from "./search.ts";

/** Why there is no plan, and what would help. */
export interface PlanRefusal {
  /** `backing`: pages too small; `space`: no windows reach it; `limit`: too much to lock. */
  readonly code: "backing" | "space" | "limit";
  /** One sentence each, at least one. */
  readonly reasons: readonly string[];
  /** Each makes a plan possible by itself; none when nothing that can be changed does. */
  readonly helps: readonly PlanHelp[];
}

/** A plan, or why there is none. */
export type PlanAnswer =
  | { readonly plan: WindowPlan; readonly refusal?: undefined }
  | { readonly plan?: undefined; readonly refusal: PlanRefusal };

/**
 * The windows that carry all the memory and lock the least, or exactly why there are none.
 *
 * Valid errors: `invalid-argument` (ranges that overlap, are empty or are not whole kernel pages; an offer that
 * no kernel makes; an option that does not exist, or a value of another type).
 */
export function planWindows(request: PlanRequest): PlanAnswer {
  checkRequest(request);
  const plan = cheapestPlan(request);
  if (plan !== undefined && fits(plan, request)) return { plan };
  const helps = helpsFor(request);
  if (plan !== undefined) return { refusal: { ...tooMuch(request, plan), helps } };
  const small = tooSmall(request);
  if (small.length > 0) return { refusal: { code: "backing", reasons: small, helps } };
  return { refusal: { code: "space", reasons: noSpace(request), helps } };
}

function fits(plan: WindowPlan, { lockable }: PlanRequest): boolean {
  return lockable === undefined || plan.lockedBytes <= lockable;
}

function tooMuch(
  { lockable = 0n }: PlanRequest,
  { tableBytes, registeredBytes, lockedBytes }: WindowPlan,
): Pick<PlanRefusal, "code" | "reasons"> {
  const parts = `${formatSize(registeredBytes)} of memory and ${formatSize(tableBytes)} of tables`;
  return {
    code: "limit",
    reasons: [
      `${parts} are ${formatSize(lockedBytes)} to lock, and ${formatSize(lockable)} can be`,
    ],
  };
}

/** Ranges whose pages, or whose ends, are below the smallest page that is offered. */
function tooSmall({ offer, ranges }: PlanRequest): readonly string[] {
  const [least] = offeredPages(offer);
  return ranges
    .filter((range) => least === undefined || largestPage(range) < least)
    .map((range) => `${nameOf(range)} takes pages of ${formatSize(largestPage(range))} at most`);
}

/** What each page size that all the memory could take would run into. */
function noSpace({ offer, ranges, placement }: PlanRequest): readonly string[] {
  const most = Math.min(...ranges.map(largestPage));
  const reasons = offeredPages(offer)
    .filter((page) => page <= most)
    .flatMap((pageSize) => {
      const { refusal } = shapeWindow(offer, { pageSize, size: reaching(endOf(ranges), pageSize) });
      return refusal === undefined ? [] : [refusal.sentence];
    });
  const mmio = ranges.filter((range) => meetsMmio(offer, range));
  if (placement === "identity")
    reasons.push(...mmio.map((range) => `${nameOf(range)} meets the bus addresses of 32-bit MMIO`));
  if (offer.windows < 2) reasons.push("one window is offered, and it is the default one");
  if (reasons.length === 0) reasons.push(noPlace(offer.tables, placement));
  return reasons;
}

function noPlace(tables: "flat" | "levelled", placement: PlanRequest["placement"]): string {
  if (tables === "flat" && placement === "identity")
    return "an LPAR's window at 0 has 4 KiB pages and is no larger than the default one";
  return "no two windows carry all of it";
}

function reaching(end: bigint, pageSize: number): bigint {
  let size = BigInt(pageSize);
  while (size < end) size *= 2n;
  return size;
}

function nameOf({ address, size }: MemoryRange): string {
  return formatRange(address, size);
}
