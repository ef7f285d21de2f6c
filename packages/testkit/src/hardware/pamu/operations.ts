// The operations of an I/O transaction, by the codes that PAMU's tables use.
//
// IOE, what a device asks, comes in; EOE, what the interconnect is asked, goes out. A mapped code is
// stored with its top bit set, which says that it is there.

/** Ingress operation encodings. */
export const IOE = {
  READ: 0x00,
  WRITE: 0x81,
  EREAD0: 0x82,
  EWRITE0: 0x83,
  DIRECT0: 0x84,
  EREAD1: 0x85,
  EWRITE1: 0x86,
  DIRECT1: 0x87,
  RAC: 0x8c,
  RAS: 0x8d,
  RAD: 0x8e,
  RAI: 0x8f,
} as const;

/** Egress operation encodings. */
export const EOE = {
  READ: 0x00,
  WRITE: 0x01,
  RAC: 0x0c,
  RAS: 0x0d,
  RAD: 0x0e,
  RAI: 0x0f,
  LDEC: 0x10,
  LDECL: 0x11,
  LDECPE: 0x12,
  LDECPEL: 0x13,
  LDECFE: 0x14,
  LDECFEL: 0x15,
  RSA: 0x16,
  RSAU: 0x17,
  READI: 0x18,
  RWNITC: 0x19,
  WCI: 0x1a,
  WWSA: 0x1b,
  WWSAL: 0x1c,
  WWSAO: 0x1d,
  WWSAOL: 0x1e,
} as const;

/** In a stored code: the mapping is there. */
export const MAPPED = 0x80;
/** What is left of a code without that bit. */
const CODE_BITS = 0x7f;

/** Bits of AP: a query reads memory, an update writes it. */
export const QUERY = 1;
export const UPDATE = 2;

/** Bits of AP that each operation needs, by IOE & 0x7f. An atomic one needs both. */
const NEEDS = new Uint8Array(128);
for (const code of [IOE.READ, IOE.EREAD0, IOE.EREAD1, IOE.DIRECT0, IOE.DIRECT1])
  NEEDS[code & CODE_BITS] = QUERY;
for (const code of [IOE.WRITE, IOE.EWRITE0, IOE.EWRITE1]) NEEDS[code & CODE_BITS] = UPDATE;
for (const code of [IOE.RAC, IOE.RAS, IOE.RAD, IOE.RAI]) NEEDS[code & CODE_BITS] = QUERY | UPDATE;

/** The bits of AP that an operation needs; 0 for a code that is no operation. */
export function neededPermissions(operation: number): number {
  return NEEDS[operation & CODE_BITS] ?? 0;
}

/** Whether AP admits less than the operation needs. Hot: one call, since bytecode counts (lookup.ts). */
export function lacksPermission(operation: number, granted: number): boolean {
  return ((NEEDS[operation & CODE_BITS] ?? 0) & ~granted) !== 0;
}

/** An operation's code without the bit that says that it is mapped. Hot. */
export function codeOf(operation: number): number {
  return operation & CODE_BITS;
}

/** Whether a stored code is a mapping at all. */
export function isMappedCode(code: number): boolean {
  return (code & MAPPED) !== 0;
}
