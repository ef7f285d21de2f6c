// Why PAMU refuses a transaction: the field and code that AVS1 shows, without its AV bit.
//
// One group of bits is not zero in each code: PDV, GCV, LAV, WAV, APV or OTV. Of the codes inside a
// group only LAV 1 is public; the others are this model's, one for each step of the lookup.

/** AV: a violation is recorded. */
export const RECORDED = 0x1;
/** Bits that software clears by writing ones; the LIODN in bits 31..16 stays. */
export const VIOLATION_BITS = 0x7fff;

/** Step 2, PDV. */
export const DISABLED = 0x4000;
/** Step 3, GCV. */
export const GATE_CLOSED = 0x2000;
/** Step 4, LAV. */
export const NOT_IN_PRIMARY_TABLE = 0x0400;
/** Step 5, LAV. */
export const PRIMARY_INVALID = 0x0800;
/** Step 6, LAV. */
export const PRIMARY_MALFORMED = 0x0c00;
/** Step 7, WAV. */
export const OUTSIDE_APERTURE = 0x0080;
/** Step 8, WAV. */
export const NOT_IN_SECONDARY_TABLE = 0x0100;
/** Step 9, WAV. */
export const SECONDARY_INVALID = 0x0180;
/** Step 10, WAV. */
export const NOT_THE_OWNER = 0x0200;
/** Step 11, WAV. */
export const BEYOND_MAPPED_SIZE = 0x0280;
/** Step 12, APV. */
export const ACCESS_DENIED = 0x0008;
export const QUERY_DENIED = 0x0010;
export const UPDATE_DENIED = 0x0018;
export const ATOMIC_DENIED = 0x0020;
/** Step 13, APV. */
export const TRANSLATION_UNKNOWN = 0x0028;
/** Step 14, OTV. */
export const OPERATION_NOT_MAPPED = 0x0002;
export const NOT_IN_OPERATION_TABLE = 0x0004;
export const OPERATION_MODE_RESERVED = 0x0006;

/** No violation: a table entry could not be read, which is an operation error (POES1). */
export const UNREADABLE = -1;

const REASONS = new Map<number, string>([
  [DISABLED, "the PAMU is not enabled"],
  [GATE_CLOSED, "the PAMU's gate is closed"],
  [NOT_IN_PRIMARY_TABLE, "LIODN beyond the primary table"],
  [PRIMARY_INVALID, "the LIODN's primary entry is not valid"],
  [PRIMARY_MALFORMED, "the LIODN's primary entry is malformed"],
  [OUTSIDE_APERTURE, "address outside the LIODN's aperture"],
  [NOT_IN_SECONDARY_TABLE, "secondary entry beyond its table"],
  [SECONDARY_INVALID, "the subwindow's entry is not valid"],
  [NOT_THE_OWNER, "the subwindow's entry belongs to another LIODN"],
  [BEYOND_MAPPED_SIZE, "address beyond the mapped part of its subwindow"],
  [ACCESS_DENIED, "no access permitted"],
  [QUERY_DENIED, "read without permission"],
  [UPDATE_DENIED, "write without permission"],
  [ATOMIC_DENIED, "atomic operation without both permissions"],
  [TRANSLATION_UNKNOWN, "address translation mode not supported"],
  [OPERATION_NOT_MAPPED, "operation not mapped"],
  [NOT_IN_OPERATION_TABLE, "operation mapping entry beyond its table"],
  [OPERATION_MODE_RESERVED, "reserved operation translation mode"],
  [UNREADABLE, "operation error: a table entry cannot be read"],
]);

export function reasonText(code: number): string {
  return REASONS.get(code) ?? `violation 0x${code.toString(16)}`;
}
