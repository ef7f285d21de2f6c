// Index arithmetic of page tables with 512 entries for each level.
//
// A frame number has up to 52 bits, more than a JavaScript integer operation keeps, so walks carry
// it as two words: low (bits 31..0) and high (bits 51..32). Level 1 is the table of 4 KiB pages.

export function lowWord(frame: number): number {
  return frame >>> 0;
}

export function highWord(frame: number): number {
  // No division for what most frames are: it cost more than the rest of a look-up in the IOTLB.
  return frame <= 0xffff_ffff ? 0 : (frame / 0x1_0000_0000) | 0;
}

/** 2^n by table: `**` costs more than a whole page walk. */
export function powerOfTwo(exponent: number): number {
  return POWERS[exponent] ?? Number.NaN;
}

const POWERS: Float64Array = Float64Array.from({ length: 65 }, (_, exponent) => 2 ** exponent);

/** How far a frame lies inside its page of 2^order frames. */
export function withinPage(frame: number, order: number): number {
  if (order < 32) return (frame & (powerOfTwo(order) - 1)) >>> 0;
  const high = highWord(frame) & (powerOfTwo(order - 32) - 1);
  return high * 0x1_0000_0000 + lowWord(frame);
}

/** Entry index in the table of `level`, which is frame bits 9·level-1 .. 9·(level-1). */
export function indexAt(low: number, high: number, level: number): number {
  switch (level) {
    case 1:
      return low & 511;
    case 2:
      return (low >>> 9) & 511;
    case 3:
      return (low >>> 18) & 511;
    case 4:
      return ((low >>> 27) | (high << 5)) & 511;
    case 5:
      return (high >>> 4) & 511;
    default:
      return (high >>> 13) & 511;
  }
}

/** The frame number in bits 51..12 of an 8-byte entry. */
export function entryFrame(low: number, high: number): number {
  const above = high & 0xfffff;
  // Tables lie below 4 GiB here, and an integer stays out of floating point.
  return above === 0 ? low >>> 12 : above * 0x10_0000 + (low >>> 12);
}
