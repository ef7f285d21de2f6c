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
/** Where word 2 is in an entry. */
export const WORD_2 = 8;
/** Bytes of one entry of the operation mapping table. */
export const OPERATION_ENTRY_BYTES = 128;

/** Word 1, in both kinds of entry. */
const VALID = 0x1;
const SECONDARY_TYPE = 0x2;
/** Word 1 of a primary entry. */
const MULTIPLE_WINDOWS = 0x20;

/** A size code is log2 - 1 of the size, so 11 is 4 KiB; smaller codes were never configured. */
const SMALLEST_SIZE_CODE = 11;

/** ATM, word 3. 0 translates nothing; 2 and 3 are page modes that no public software has used. */
const TRANSLATION_MODE = 0xc;
const WINDOW_TRANSLATED = 0x4;

/** OTM, word 3. */
const OPERATION_MODE = 0x3;
export const OPERATIONS_IMMEDIATE = 1;
export const OPERATIONS_INDEXED = 2;

/** CID, word 3. */
const CACHE_ID = 0xff_0000;

/** V of word 1. */
export function isValid(word1: number): boolean {
  return (word1 & VALID) !== 0;
}

/** PT of word 1. */
export function isPrimary(word1: number): boolean {
  return (word1 & SECONDARY_TYPE) === 0;
}

/** MW of a primary entry's word 1. */
export function isDivided(word1: number): boolean {
  return (word1 & MULTIPLE_WINDOWS) !== 0;
}

/** Whether word 1 is a secondary entry's with this LIODN. */
export function isSecondaryOf(word1: number, liodn: number): boolean {
  return (word1 & SECONDARY_TYPE) !== 0 && word1 >>> 16 === liodn;
}

/** WSE of word 1 as log2 of 4 KiB frames; negative where it was never configured. */
export function apertureOrder(word1: number): number {
  return ((word1 >>> 6) & 0x3f) - SMALLEST_SIZE_CODE;
}

/** SWSE of word 5, likewise. */
export function mappedOrder(word5: number): number {
  return ((word5 >>> 6) & 0x3f) - SMALLEST_SIZE_CODE;
}

/** WCE of word 3: there are 2^(WCE + 1) windows. */
export function windowCountCode(word3: number): number {
  return (word3 >>> 4) & 0xf;
}

/** AP of word 1: bit 0 admits queries, bit 1 updates. */
export function permissions(word1: number): number {
  return (word1 >>> 3) & 3;
}

/** Whether word 3 translates by window and maps no operation. */
export function isPlainTranslation(word3: number): boolean {
  return (word3 & (TRANSLATION_MODE | OPERATION_MODE)) === WINDOW_TRANSLATED;
}

export function isTranslated(word3: number): boolean {
  return (word3 & TRANSLATION_MODE) !== 0;
}

export function isWindowTranslated(word3: number): boolean {
  return (word3 & TRANSLATION_MODE) === WINDOW_TRANSLATED;
}

/** Whether OTM of word 3 is anything but "unmapped". */
export function isMapped(word3: number): boolean {
  return (word3 & OPERATION_MODE) !== 0;
}

export function operationMode(word3: number): number {
  return word3 & OPERATION_MODE;
}

/** Word 7 is IOEA, MOEA, IOEB, MOEB: two operations and what becomes of each. */
export function immediateCode(operation: number, word7: number): number {
  if (word7 >>> 24 === operation) return (word7 >>> 16) & 0xff;
  return ((word7 >>> 8) & 0xff) === operation ? word7 & 0xff : 0;
}

/** OMI of word 7: an entry of the operation mapping table. */
export function operationIndex(word7: number): number {
  return word7 & 0xffff;
}

/** Whether CID of word 3 names a cache. */
export function hasCacheId(word3: number): boolean {
  return (word3 & CACHE_ID) !== 0;
}

/** The 4 KiB frame in a pair of address words: bits 63..32 and 31..12. */
export function frameOf(high: number, low: number): number {
  // Below 2^43, where every QorIQ address is, it stays out of floating point.
  return (high & ~0x7ff) === 0 ? (high << 20) | (low >>> 12) : frameAbove(high, low);
}

function frameAbove(high: number, low: number): number {
  return (high >>> 0) * 0x10_0000 + (low >>> 12);
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
