// Ranges of pages, and pairs of them in every relation that overlap checks get wrong.

import fc from "fast-check";

/** `[first, first + pages)`, in pages. */
export interface PageRange {
  readonly first: number;
  readonly pages: number;
}

export type Relation =
  | "equal"
  | "adjacent-after"
  | "adjacent-before"
  | "overlaps-start"
  | "overlaps-end"
  | "nested"
  | "contains"
  | "apart"
  | "empty"
  | "wraps";

export const RELATIONS: readonly Relation[] = [
  "equal",
  "adjacent-after",
  "adjacent-before",
  "overlaps-start",
  "overlaps-end",
  "nested",
  "contains",
  "apart",
  "empty",
  "wraps",
];

/** One past the last page of the 64-bit space. */
export const ALL_PAGES: number = 2 ** 52;

/** A range near one of the given first pages; mostly short. */
export function pageRange(near: readonly number[], most: number): fc.Arbitrary<PageRange> {
  return fc
    .tuple(fc.constantFrom(...near), fc.nat(23), fc.integer({ min: 1, max: most }))
    .map(([base, offset, pages]) => ({ first: base + offset, pages }));
}

/** What stands in this relation to a range. `empty` has no page; `wraps` leaves 64 bits. */
export function relatedTo(range: PageRange, relation: Relation): PageRange {
  const { first, pages } = range;
  const end = first + pages;
  switch (relation) {
    case "equal":
      return range;
    case "adjacent-after":
      return { first: end, pages };
    case "adjacent-before":
      return { first: Math.max(0, first - pages), pages: Math.min(pages, first) };
    case "overlaps-start":
      return { first: Math.max(0, first - 1), pages: 2 };
    case "overlaps-end":
      return { first: end - 1, pages: 2 };
    case "nested":
      return { first: first + (pages >> 1), pages: 1 };
    case "contains":
      return { first: Math.max(0, first - 1), pages: pages + 2 };
    case "apart":
      return { first: end + 7, pages };
    case "empty":
      return { first, pages: 0 };
    case "wraps":
      return { first, pages: ALL_PAGES - first + 1 };
  }
}

/** A range and one that stands in a drawn relation to it. */
export function relatedRanges(
  near: readonly number[],
  most: number,
): fc.Arbitrary<{
  readonly range: PageRange;
  readonly other: PageRange;
  readonly relation: Relation;
}> {
  return fc
    .tuple(pageRange(near, most), fc.constantFrom(...RELATIONS))
    .map(([range, relation]) => ({ range, other: relatedTo(range, relation), relation }));
}
