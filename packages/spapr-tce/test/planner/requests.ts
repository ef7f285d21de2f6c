// Offers of known machines, and arbitrary memory for them.

import type { MemoryRange, PlanRequest, WindowOffer } from "@iommukit/spapr-tce";
import fc from "fast-check";

const GIB = 2n ** 30n;

/** As the kernels of these machines were seen to offer. */
export const OFFERS: Readonly<Record<string, WindowOffer>> = {
  powernv9: {
    tables: "levelled",
    kernelPageSize: 4096,
    pageSizes: 0x4021_1000n,
    windows: 2,
    levels: 5,
    defaultWindow: { start: 0n, size: 2n * GIB },
  },
  "powernv9-64k": {
    tables: "levelled",
    kernelPageSize: 65_536,
    pageSizes: 0x4021_1000n,
    windows: 2,
    levels: 5,
    defaultWindow: { start: 0n, size: 2n * GIB },
  },
  powernv8: {
    tables: "levelled",
    kernelPageSize: 65_536,
    pageSizes: 0x1101_1000n,
    windows: 2,
    levels: 5,
    defaultWindow: { start: 0n, size: 2n * GIB },
  },
  pseries: {
    tables: "flat",
    kernelPageSize: 4096,
    pageSizes: 0x0121_1000n,
    windows: 2,
    levels: 1,
    defaultWindow: { start: 0n, size: GIB },
  },
  "pseries, one window": {
    tables: "flat",
    kernelPageSize: 65_536,
    pageSizes: 0x1_1000n,
    windows: 1,
    levels: 1,
    defaultWindow: { start: 0n, size: GIB },
  },
};

interface Piece {
  readonly gap: number;
  readonly pages: number;
  readonly shift: number;
  readonly backing: number;
}

const piece: fc.Arbitrary<Piece> = fc.record({
  gap: fc.integer({ min: 0, max: 5 }),
  pages: fc.integer({ min: 1, max: 9 }),
  /** Addresses and sizes in units from a page to a TiB, so that all geometries come up. */
  shift: fc.integer({ min: 12, max: 46 }),
  backing: fc.constantFrom(12, 16, 21, 24, 30),
});

/** Up to three ranges, in order and apart. */
export function requests(offer: WindowOffer): fc.Arbitrary<PlanRequest> {
  const smallest = Math.log2(offer.kernelPageSize);
  return fc
    .record({
      pieces: fc.array(piece, { minLength: 1, maxLength: 3 }),
      lockable: fc.option(
        fc.integer({ min: 12, max: 50 }).map((log) => 3n * 2n ** BigInt(log)),
        { nil: undefined },
      ),
      placement: fc.constantFrom("any" as const, "any" as const, "identity" as const),
    })
    .map(({ pieces, lockable, placement }) => ({
      offer,
      ranges: laidOut(pieces, smallest),
      lockable,
      placement,
    }));
}

function laidOut(pieces: readonly Piece[], smallest: number): readonly MemoryRange[] {
  const ranges: MemoryRange[] = [];
  let end = 0n;
  for (const { gap, pages, shift, backing } of pieces) {
    const unit = 2n ** BigInt(Math.max(shift, smallest));
    const address = ((end + unit - 1n) / unit + BigInt(gap)) * unit;
    const size = unit * BigInt(pages);
    ranges.push({ address, size, backing: 2 ** Math.max(backing, smallest) });
    end = address + size;
  }
  return ranges;
}
