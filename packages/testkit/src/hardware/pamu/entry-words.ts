// One authorization and access control entry (PAACE) as PAMU hardware reads it: 16 big-endian words.
//
//   word  primary entry                        secondary entry
//   0     window base, bits 63..32             reserved
//   1     window base 31..12, WSE, MW, AP, DD, PT, V     LIODN, AP, DD, PT, V
//   2     DID, PID, SNPID, CR                  the same
//   3     CID, WCE, ATM, OTM                   the same without WCE
//   4, 5  translated base, SWSE                the same
//   6     FSPI: the first secondary entry      reserved
//   7     IOEA, MOEA, IOEB, MOEB, or OMI       the same
// Words 8 to 15 are unused. Masks count from the least significant bit; PowerPC manuals count from
// the other end. The kernel's driver has its own description: a slip shows when the two meet.

/** Bytes of a primary or secondary entry. */
export const ENTRY_BYTES = 64;
/** Bytes of one entry of the operation mapping table. */
export const OPERATION_ENTRY_BYTES = 128;

/** Word 1, in both kinds of entry. */
export const VALID = 0x1;
export const SECONDARY_TYPE = 0x2;
/** Word 1 of a primary entry. */
export const MULTIPLE_WINDOWS = 0x20;

/** A size code is log2 - 1 of the size, so 11 is 4 KiB; smaller codes were never configured. */
export const SMALLEST_SIZE_CODE = 11;

/** ATM, word 3. 2 and 3 are page modes that no public software has used. */
export const NOT_TRANSLATED = 0;
export const WINDOW_TRANSLATED = 1;

/** OTM, word 3. */
export const OPERATIONS_UNMAPPED = 0;
export const OPERATIONS_IMMEDIATE = 1;
export const OPERATIONS_INDEXED = 2;

/** WSE of word 1, or SWSE of word 5. */
export function sizeCode(word: number): number {
  return (word >>> 6) & 0x3f;
}

/** WCE of word 3: there are 2^(WCE + 1) windows. */
export function windowCountCode(word: number): number {
  return (word >>> 4) & 0xf;
}

/** AP of word 1: bit 0 admits queries, bit 1 updates. */
export function permissions(word: number): number {
  return (word >>> 3) & 3;
}

export function translationMode(word: number): number {
  return (word >>> 2) & 3;
}

export function operationMode(word: number): number {
  return word & 3;
}

/** LIODN of a secondary entry's word 1. */
export function ownerOf(word: number): number {
  return word >>> 16;
}

/** The 4 KiB frame in a pair of address words: bits 63..32 and 31..12. */
export function frameOf(high: number, low: number): number {
  // An aperture below 4 GiB stays out of floating point.
  return high === 0 ? low >>> 12 : (high >>> 0) * 0x10_0000 + (low >>> 12);
}

/** What an entry says besides the address; it goes with the transaction to the interconnect. */
export interface TransactionAttributes {
  /** CID: the cache that the data is stashed in, 0 for none. */
  readonly cacheId: number;
  /** CR: the access takes part in coherence. */
  readonly coherent: boolean;
  readonly snoopId: number;
  readonly partitionId: number;
  readonly destination: number;
}

/** Words 2 and 3. To I/O (DD, word 1 bit 2) only the destination means something. */
export function attributesOf(domain: number, implementation: number): TransactionAttributes {
  return {
    cacheId: (implementation >>> 16) & 0xff,
    coherent: (domain & 0x80) !== 0,
    snoopId: (domain >>> 8) & 0xff,
    partitionId: (domain >>> 16) & 0xff,
    destination: domain >>> 24,
  };
}
