// The list of bus address ranges in which a container may map: intersect and cut, pure.

import type { IovaRange } from "../../iommu/domain.ts";

/** The parts of the ranges that lie inside an aperture. */
export function intersect(ranges: readonly IovaRange[], aperture: IovaRange): IovaRange[] {
  return ranges
    .map(({ first, last }) => ({
      first: Math.max(first, aperture.first),
      last: Math.min(last, aperture.last),
    }))
    .filter(({ first, last }) => first <= last);
}

/** The parts of the ranges outside all holes; ordered as before. */
export function cutReserved(
  ranges: readonly IovaRange[],
  holes: readonly IovaRange[],
): readonly IovaRange[] {
  return holes.reduce((left, hole) => left.flatMap((range) => cut(range, hole)), ranges);
}

function cut(range: IovaRange, hole: IovaRange): IovaRange[] {
  if (hole.last < range.first || hole.first > range.last) return [range];
  return [
    { first: range.first, last: hole.first - 1 },
    { first: hole.last + 1, last: range.last },
  ].filter(({ first, last }) => first <= last);
}
