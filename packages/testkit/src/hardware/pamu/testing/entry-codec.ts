// PAMU entries from what they mean, and back, for tests of the hardware.
//
// Addresses and sizes are bytes. The hardware reads single bits (lookup.ts) and does not use this; the
// kernel's driver has a codec of its own. Three descriptions of one layout, so a slip in one shows.

export interface EntryFields {
  readonly valid: boolean;
  /** AP: bit 0 admits reads, bit 1 writes. */
  readonly access: 0 | 1 | 2 | 3;
  /** DD. */
  readonly toIo: boolean;
  readonly destination: number;
  readonly partitionId: number;
  readonly snoopId: number;
  readonly coherent: boolean;
  readonly cacheId: number;
  /** ATM and OTM. */
  readonly translation: 0 | 1 | 2 | 3;
  readonly operationMode: 0 | 1 | 2 | 3;
  /** TWBA, a multiple of 4 KiB. */
  readonly target: bigint;
  /** SWSE; 0 for code 0, never configured. */
  readonly mappedSize: bigint;
  /** Word 7. */
  readonly operations: number;
}

export interface PrimaryEntry extends EntryFields {
  /** WBA, a multiple of 4 KiB. */
  readonly base: bigint;
  /** WSE; 0 for code 0, never configured. */
  readonly size: bigint;
  /** 1 for MW = 0. */
  readonly windows: number;
  /** FSPI. */
  readonly firstSecondary: number;
}

export interface SecondaryEntry extends EntryFields {
  /** LIODN. */
  readonly owner: number;
}

const NOTHING: EntryFields = {
  valid: false,
  access: 0,
  toIo: false,
  destination: 0,
  partitionId: 0,
  snoopId: 0,
  coherent: true,
  cacheId: 0,
  translation: 1,
  operationMode: 0,
  target: 0n,
  mappedSize: 0n,
  operations: 0,
};

/** Words of a primary entry; what is not said is as the kernel's drivers leave it. */
export function primaryWords(
  entry: Partial<PrimaryEntry> & Pick<PrimaryEntry, "size">,
): readonly number[] {
  const { base = 0n, windows = 1, firstSecondary = 0, size } = entry;
  const all = { ...NOTHING, ...entry };
  const word1 = pageBits(base) | (sizeCode(size) << 6) | (windows === 1 ? 0 : 0x20) | common(all);
  const wce = windows === 1 ? 0 : countCode(windows) << 4;
  return words([high(base), word1, ...described(all, wce), firstSecondary, all.operations]);
}

/** Words of a secondary entry. */
export function secondaryWords(
  entry: Partial<SecondaryEntry> & Pick<SecondaryEntry, "owner">,
): readonly number[] {
  const all = { ...NOTHING, ...entry };
  const word1 = (entry.owner << 16) | 0x2 | common(all);
  return words([0, word1, ...described(all, 0), 0, all.operations]);
}

export function decodePrimary(entry: readonly number[]): PrimaryEntry {
  const [w0 = 0, w1 = 0, , w3 = 0, , , w6 = 0] = entry;
  if ((w1 & 0x2) !== 0) throw new RangeError("a secondary entry");
  return {
    ...decodeFields(entry),
    base: address(w0, w1),
    size: sizeOf((w1 >>> 6) & 0x3f),
    windows: (w1 & 0x20) === 0 ? 1 : 2 ** (((w3 >>> 4) & 0xf) + 1),
    firstSecondary: w6,
  };
}

export function decodeSecondary(entry: readonly number[]): SecondaryEntry {
  const [, w1 = 0] = entry;
  if ((w1 & 0x2) === 0) throw new RangeError("a primary entry");
  return { ...decodeFields(entry), owner: w1 >>> 16 };
}

/** log2 - 1 of a power of two of 4 KiB or more; 0 stays 0. */
export function sizeCode(size: bigint): number {
  if (size === 0n) return 0;
  const code = size.toString(2).length - 2;
  if (size < 4096n || 2n << BigInt(code) !== size) throw new RangeError(`no window size: ${size}`);
  return code;
}

/** log2 - 1 of a power of two of 2 or more. */
export function countCode(windows: number): number {
  const code = Math.log2(windows) - 1;
  if (!Number.isInteger(code) || code < 0) throw new RangeError(`no window count: ${windows}`);
  return code;
}

/** 64 bytes, big-endian; words 8 to 15 are zero. */
export function entryBytes(entry: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(64);
  const view = new DataView(bytes.buffer);
  for (const [index, word] of entry.entries()) view.setUint32(4 * index, word);
  return bytes;
}

/** AP, DD and V. */
function common({ access, toIo, valid }: EntryFields): number {
  return (access << 3) | (toIo ? 0x4 : 0) | (valid ? 0x1 : 0);
}

/** Words 2 to 5. */
function described(entry: EntryFields, wce: number): readonly number[] {
  const { destination, partitionId, snoopId, coherent } = entry;
  return [
    (destination << 24) | (partitionId << 16) | (snoopId << 8) | (coherent ? 0x80 : 0),
    (entry.cacheId << 16) | wce | (entry.translation << 2) | entry.operationMode,
    high(entry.target),
    pageBits(entry.target) | (sizeCode(entry.mappedSize) << 6),
  ];
}

function decodeFields(entry: readonly number[]): EntryFields {
  const [, w1 = 0, w2 = 0, w3 = 0, w4 = 0, w5 = 0, , w7 = 0] = entry;
  return {
    valid: (w1 & 0x1) !== 0,
    access: two(w1 >>> 3),
    toIo: (w1 & 0x4) !== 0,
    destination: w2 >>> 24,
    partitionId: (w2 >>> 16) & 0xff,
    snoopId: (w2 >>> 8) & 0xff,
    coherent: (w2 & 0x80) !== 0,
    cacheId: (w3 >>> 16) & 0xff,
    translation: two(w3 >>> 2),
    operationMode: two(w3),
    target: address(w4, w5),
    mappedSize: sizeOf((w5 >>> 6) & 0x3f),
    operations: w7,
  };
}

/** The two lowest bits, as a literal. */
function two(bits: number): 0 | 1 | 2 | 3 {
  if ((bits & 2) === 0) return (bits & 1) === 0 ? 0 : 1;
  return (bits & 1) === 0 ? 2 : 3;
}

function sizeOf(code: number): bigint {
  return code === 0 ? 0n : 2n << BigInt(code);
}

function high(value: bigint): number {
  return Number(value >> 32n);
}

function pageBits(value: bigint): number {
  if (value % 4096n !== 0n) throw new RangeError(`not a multiple of 4 KiB: ${value}`);
  return Number(value & 0xffff_ffffn);
}

function address(highWord: number, lowWord: number): bigint {
  return (BigInt(highWord) << 32n) | BigInt((lowWord & ~0xfff) >>> 0);
}

/** JavaScript's `|` answers signed numbers. */
function words(signed: readonly number[]): readonly number[] {
  return signed.map((word) => word >>> 0);
}
