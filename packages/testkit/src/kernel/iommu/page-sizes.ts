// Which page size the kernel uses for the next piece of a mapping.
//
// The rule of the kernel's iommu_map: the largest size of the bitmap that both addresses are aligned
// to and that is not more than what is left. Sizes are orders: log2 of 4 KiB frames.

export class PageSizes {
  readonly bitmap: bigint;
  /** At n: the largest order of the bitmap that is at most n. */
  readonly #largestUpTo: readonly number[];

  constructor(bitmap: bigint) {
    if ((bitmap & 0x1000n) === 0n) throw new RangeError("4 KiB pages are needed");
    this.bitmap = bitmap;
    let largest = 0;
    this.#largestUpTo = Array.from({ length: 64 }, (_, order) => {
      if (((bitmap >> BigInt(order + 12)) & 1n) === 1n) largest = order;
      return largest;
    });
  }

  pick(iovaFrame: number, physicalFrame: number, left: number): number {
    const aligned = Math.min(trailingZeros(iovaFrame), trailingZeros(physicalFrame));
    const fitting = 31 - Math.clz32(left);
    const limit = left < 0x8000_0000 ? fitting : Math.floor(Math.log2(left));
    return this.#largestUpTo[Math.min(aligned, limit)] ?? 0;
  }
}

/** Of a 52-bit frame number; 52 for zero. */
function trailingZeros(frame: number): number {
  const low = frame | 0;
  if (low !== 0) return 31 - Math.clz32(low & -low);
  const high = (frame / 0x1_0000_0000) | 0;
  return high === 0 ? 52 : 63 - Math.clz32(high & -high);
}
