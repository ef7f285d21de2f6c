// Small choices that every history makes: an access, cuts of a buffer into segments, an errno.

import { DMA_ACCESSES, type DmaAccess } from "@iommukit/core";
import fc from "fast-check";

/** Read-write twice as often: most buffers are. */
export function dmaAccess(): fc.Arbitrary<DmaAccess> {
  return fc.constantFrom(...DMA_ACCESSES, "read-write");
}

/** A piece of a buffer, in pages. */
export interface PageSegment {
  readonly page: number;
  readonly pages: number;
}

/** Segments of a buffer of `total` pages: in order or not, contiguous, repeated. */
export function pageSegments(total: number): fc.Arbitrary<readonly PageSegment[]> {
  const segment = fc
    .tuple(fc.nat(total - 1), fc.integer({ min: 1, max: 3 }))
    .map(([page, pages]) => ({ page, pages: Math.min(pages, total - page) }));
  return fc.array(segment, { minLength: 1, maxLength: 5 });
}

/** Errnos that any VFIO call has given somewhere. */
export const COMMON_ERRNOS: readonly number[] = [
  1, 2, 4, 5, 6, 7, 9, 11, 12, 13, 14, 16, 17, 19, 22, 24, 25, 28, 75, 95,
];

/** Answers that no call documents: success is exactly 0, or a descriptor. */
export const ODD_ANSWERS: readonly number[] = [1, 2_147_483_647];

/** What a refused call answers: -errno, or now and then an odd number. */
export function refusal(): fc.Arbitrary<number> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...COMMON_ERRNOS).map((errno) => -errno) },
    { weight: 1, arbitrary: fc.constantFrom(...ODD_ANSWERS) },
  );
}
