// What would make a plan possible: each way is tried, and only what works is told.

import { formatSize } from "@iommukit/core";
import { offeredPages } from "../offer.ts";
import type { PlanRequest } from "./request.ts";
import { cheapestPlan } from "./search.ts";

/** A change to the request, or several together, with which there is a plan. */
export interface PlanHelp {
  /** Bytes that must be lockable: the locked-memory limit less what is locked. */
  readonly lockable?: bigint;
  /** Bytes of the pages that must back all the memory. */
  readonly backing?: number;
  /** Bus addresses other than the memory's own. */
  readonly placement?: "any";
  /** The same in words. */
  readonly sentence: string;
}

/** The single changes that help; where none does, pairs. */
export function helpsFor(request: PlanRequest): readonly PlanHelp[] {
  const pages = offeredPages(request.offer).filter((page) =>
    request.ranges.some(({ backing }) => backing < page),
  );
  const anywhere = request.placement === "identity" ? (["any"] as const) : [];
  const limited = request.lockable !== undefined;
  const single = [
    ...(limited ? [withLimit(request, {})] : []),
    first(pages, (backing) => within(request, { backing })),
    first(anywhere, (placement) => within(request, { placement })),
  ].filter((help) => help !== undefined);
  if (single.length > 0) return single;
  return [
    ...(limited ? [first(pages, (backing) => withLimit(request, { backing }))] : []),
    ...(limited ? [first(anywhere, (placement) => withLimit(request, { placement }))] : []),
    first(anywhere, (placement) =>
      first(pages, (backing) => within(request, { placement, backing })),
    ),
  ].filter((help) => help !== undefined);
}

type Change = Omit<PlanHelp, "sentence" | "lockable">;

/** The change alone, under the limit as it is. */
function within(request: PlanRequest, change: Change): PlanHelp | undefined {
  const { lockable } = request;
  const plan = cheapestPlan(changed(request, change));
  if (plan === undefined || (lockable !== undefined && plan.lockedBytes > lockable))
    return undefined;
  return { ...change, sentence: inWords(change) };
}

/** The change with as much to lock as it takes. */
function withLimit(request: PlanRequest, change: Change): PlanHelp | undefined {
  const plan = cheapestPlan(changed(request, change));
  if (plan === undefined) return undefined;
  const help = { ...change, lockable: plan.lockedBytes };
  return { ...help, sentence: inWords(help) };
}

/** The request as the help would have it. */
export function changed(
  request: PlanRequest,
  { backing = 0, placement, lockable }: Omit<PlanHelp, "sentence">,
): PlanRequest {
  return {
    offer: request.offer,
    ranges: request.ranges.map((range) =>
      range.backing < backing ? { ...range, backing } : range,
    ),
    lockable: lockable ?? request.lockable,
    placement: placement ?? request.placement,
  };
}

function inWords({ lockable, backing, placement }: Omit<PlanHelp, "sentence">): string {
  return [
    backing === undefined ? [] : [`pages of ${formatSize(backing)} behind the memory`],
    lockable === undefined ? [] : [`a locked-memory limit that leaves ${formatSize(lockable)}`],
    placement === undefined ? [] : ["bus addresses that are not the memory's own"],
  ]
    .flat()
    .join(", and ");
}

function first<A>(
  values: readonly A[],
  help: (value: A) => PlanHelp | undefined,
): PlanHelp | undefined {
  for (const value of values) {
    const found = help(value);
    if (found !== undefined) return found;
  }
  return undefined;
}
