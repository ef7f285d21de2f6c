// The page frame of an address, for the hot paths: no BigInt is made, none is compared.
//
// `Number(address >> 12n)` allocates a BigInt and calls the runtime twice. A store into a typed array
// and two 32-bit loads do the same in registers, in 65 machine instructions of which most check that
// the address has 64 bits. So a map converts each of its arguments once, and all checks take frames.
// What is no aligned 64-bit address answers -1, and the caller goes the careful way, which says what
// is wrong with it.

import { MACHINE_BYTE_ORDER } from "../abi/profile.ts";

/** High words below this make frames of 31 bits: addresses below 8 TiB, and sizes. */
const INTEGER_LIMIT = 0x800;

type Conversion = (address: unknown) => number;

/** The views are constants of a function: bundlers make variables of a module's constants. */
function conversions(): { readonly wholeFrames: Conversion; readonly hostFrames: Conversion } {
  const long = new BigUint64Array(1);
  const words = new Uint32Array(long.buffer);
  const low = MACHINE_BYTE_ORDER === "little" ? 0 : 1;
  const high = 1 - low;

  /** Puts the address into `words`, or answers that it is not aligned or not of 64 bits. */
  const isLoaded = (address: unknown): boolean => {
    if (typeof address !== "bigint" || BigInt.asUintN(64, address) !== address) return false;
    long[0] = address;
    return ((words[low] ?? 0) & 0xfff) === 0;
  };
  return {
    wholeFrames(address) {
      if (!isLoaded(address)) return -1;
      const above = words[high] ?? 0;
      const below = (words[low] ?? 0) >>> 12;
      return above < INTEGER_LIMIT ? (above << 20) | below : above * 0x10_0000 + below;
    },
    hostFrames: (address) =>
      isLoaded(address) ? (words[high] ?? 0) * 0x10_0000 + ((words[low] ?? 0) >>> 12) : -1,
  };
}

const { wholeFrames: whole, hostFrames: host } = conversions();

/**
 * The frame that begins at `address`, or the count of frames in a size; -1 when it is neither. For
 * IOVAs and sizes, which are small: while only small ones come, all that is done with the frame stays
 * an integer operation for the compiler.
 */
export const wholeFrames: Conversion = whole;

/** The same for the host's addresses, which are never that small: apart, they leave the others so. */
export const hostFrames: Conversion = host;
