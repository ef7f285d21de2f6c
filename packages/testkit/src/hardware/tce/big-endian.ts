// Big-endian entries in memory whose words are kept as little-endian values.
//
// A PHB reads every table as big-endian, whatever the byte order of the CPU. Entry e of a table is the
// word pair [2e] (bits 63..32) and [2e + 1] (bits 31..0), each with its bytes turned round.

/** The same four bytes in the other order, unsigned. */
export function swap32(word: number): number {
  const inner = ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00);
  return ((word << 24) | inner | (word >>> 24)) >>> 0;
}

/** A 16-bit entry of a table of such entries: its value, from the word that holds it. */
export function half16(word: number, index: number): number {
  const bytes = (index & 1) === 0 ? word & 0xffff : word >>> 16;
  return ((bytes & 0xff) << 8) | (bytes >>> 8);
}

/** The word with the 16-bit entry `index` replaced. */
export function withHalf16(word: number, index: number, value: number): number {
  const bytes = ((value & 0xff) << 8) | ((value >>> 8) & 0xff);
  return (index & 1) === 0
    ? ((word & 0xffff_0000) | bytes) >>> 0
    : ((word & 0xffff) | (bytes << 16)) >>> 0;
}
