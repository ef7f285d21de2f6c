// PAMU's authorization and translation of one transaction, in numbered steps.
//
// The parts of each step are those of the QorIQ manuals' entry fields; the order of the steps is this
// model's, since no public text gives it (docs/simulator.md lists them). Step 1, bypass, comes before a
// PAMU is asked at all. A step that fails leaves the code of its violation.
//
// Addresses are 4 KiB frames: windows, subwindows and mapped sizes are multiples of 4 KiB.
//
// The shape is V8's, which inlines 920 bytes of bytecode into one function and no more: 40 ns a lookup where
// all of it fits, 80 to 120 where it does not. What would be neat and is not here for that: names for the
// offsets of words, which cost 6 bytes at each use, and for the bits of entries, 5 if of another module.

import { powerOfTwo } from "../radix.ts";
import {
  apertureOrder,
  frameOf,
  immediateCode,
  isDivided,
  isMapped,
  isPlainTranslation,
  isPrimary,
  isSecondaryOf,
  isTranslated,
  isValid,
  isWindowTranslated,
  mappedOrder,
  OPERATIONS_IMMEDIATE,
  OPERATIONS_INDEXED,
  operationIndex,
  operationMode,
  permissions,
  windowCountCode,
} from "./entry-words.ts";
import type { Lookup } from "./lookup-state.ts";
import {
  codeOf,
  isMappedCode,
  lacksPermission,
  neededPermissions,
  QUERY,
  UPDATE,
} from "./operations.ts";
import type { PamuTable } from "./table.ts";
import {
  ACCESS_DENIED,
  ATOMIC_DENIED,
  BEYOND_MAPPED_SIZE,
  NOT_IN_OPERATION_TABLE,
  NOT_IN_PRIMARY_TABLE,
  NOT_IN_SECONDARY_TABLE,
  NOT_THE_OWNER,
  OPERATION_MODE_RESERVED,
  OPERATION_NOT_MAPPED,
  OUTSIDE_APERTURE,
  PRIMARY_INVALID,
  PRIMARY_MALFORMED,
  QUERY_DENIED,
  SECONDARY_INVALID,
  TRANSLATION_UNKNOWN,
  UNREADABLE,
  UPDATE_DENIED,
} from "./violations.ts";

/**
 * Runs steps 2 to 14 and answers 0, or the code of what is violated. `frame` is 0 to 2^52 - 1,
 * `operation` an IOE code. Hot. The steps that every lookup takes stand here, those of subwindows behind it.
 */
export function look(at: Lookup, liodn: number, frame: number, operation: number): number {
  // 2 and 3: PC.PE is set, PC.PGC is clear
  if (at.gateCode !== 0) return at.gateCode;
  // 4: the primary table reaches to the LIODN's entry
  const { primaryTable } = at;
  const start = primaryTable.seek(liodn);
  if (start < 0) return notFound(at, primaryTable, liodn, NOT_IN_PRIMARY_TABLE);
  // 5: the primary entry counts
  const { bytes } = primaryTable;
  const word1 = bytes.getInt32(start + 4);
  if (!isValid(word1)) return PRIMARY_INVALID;
  at.bytes = bytes;
  at.start = start;
  at.word1 = word1;
  // 6: it is a primary one, of an aperture and of windows that there can be
  const order = apertureOrder(word1);
  const isOne = !isDivided(word1);
  const slotOrder = isOne ? order : slotOrderOf(at, order);
  if (!isPrimary(word1) || slotOrder < 0) return PRIMARY_MALFORMED;
  // 7: the window base is not above the address, and the aperture reaches to it
  const within = frame - frameOf(bytes.getInt32(start), word1);
  if (!isInside(within, order)) return OUTSIDE_APERTURE;
  at.mappedOrder = slotOrder;
  // 8 to 11, where the entry that decides may become a secondary one
  const code = isOne ? 0 : findSubwindow(at, liodn, within);
  return code === 0 ? grant(at, frame, operation) : code; // 12 to 14
}

/** Of step 6: log2 of a window's frames. Negative for more windows than PC3 offers, or smaller ones than 4 KiB. */
function slotOrderOf(at: Lookup, order: number): number {
  const count = windowCountCode(at.bytes.getInt32(at.start + 12));
  return count > at.largestCountCode ? -1 : order - count - 1;
}

/** Steps 8 to 11: the entry of the subwindow. */
function findSubwindow(at: Lookup, liodn: number, within: number): number {
  const slotOrder = at.mappedOrder;
  // 8 to 10: subwindow 0 is in the primary entry, subwindow k is secondary entry FSPI + k - 1
  const index = windowOf(within, slotOrder);
  if (index !== 0) {
    const code = findSecondary(at, liodn, index);
    if (code !== 0) return code;
  }
  // 11: only the first 2^(SWSE + 1) bytes of each subwindow are mapped
  const mapped = mappedOrder(at.bytes.getInt32(at.start + 20));
  return mapped >= slotOrder ? 0 : findMappedPart(at, within % powerOfTwo(slotOrder), mapped);
}

/** Which window of 2^order frames. */
function windowOf(within: number, order: number): number {
  // The bound is the largest of V8's quick integers.
  return order < 31 && within <= 0x7fff_ffff ? within >>> order : windowOfLarge(within, order);
}

function windowOfLarge(within: number, order: number): number {
  return Math.floor(within / powerOfTwo(order));
}

/** Step 11 of a subwindow that is mapped in part, or not at all. */
function findMappedPart(at: Lookup, withinSlot: number, mapped: number): number {
  at.mappedOrder = mapped;
  return mapped >= 0 && isInside(withinSlot, mapped) ? 0 : BEYOND_MAPPED_SIZE;
}

/** Steps 8 to 10 of a subwindow that is not the first. */
function findSecondary(at: Lookup, liodn: number, index: number): number {
  const { secondaryTable } = at;
  // 8: the secondary table reaches to the entry
  const number = (at.bytes.getInt32(at.start + 24) >>> 0) + index - 1;
  const start = secondaryTable.seek(number);
  if (start < 0) return notFound(at, secondaryTable, number, NOT_IN_SECONDARY_TABLE);
  // 9: it has a V of its own
  const { bytes } = secondaryTable;
  const word1 = bytes.getInt32(start + 4);
  if (!isValid(word1)) return SECONDARY_INVALID;
  // 10: it is a secondary one and names the requester as its owner
  at.bytes = bytes;
  at.start = start;
  at.word1 = word1;
  return isSecondaryOf(word1, liodn) ? 0 : NOT_THE_OWNER;
}

/** Steps 12 to 14: what the entry makes of the transaction. */
function grant(at: Lookup, frame: number, operation: number): number {
  const { bytes, start, word1 } = at;
  // 12: AP admits what the operation needs
  if (lacksPermission(operation, permissions(word1))) return denial(operation, word1);
  const word3 = bytes.getInt32(start + 12);
  at.word3 = word3;
  at.outgoing = codeOf(operation);
  // 13 and 14 as drivers set them: ATM 1 replaces what is above the mapped size, OTM 0 keeps the operation
  return isPlainTranslation(word3)
    ? translate(at, frameOf(bytes.getInt32(start + 16), bytes.getInt32(start + 20)), frame)
    : grantOtherwise(at, frame, operation);
}

/** Steps 13 and 14 with other modes. */
function grantOtherwise(at: Lookup, frame: number, operation: number): number {
  const { bytes, start, word3 } = at;
  // 13: ATM 0 passes the address on
  at.lostFrames = 0;
  at.physicalFrame = frame;
  if (isTranslated(word3)) {
    if (!isWindowTranslated(word3)) return TRANSLATION_UNKNOWN;
    translate(at, frameOf(bytes.getInt32(start + 16), bytes.getInt32(start + 20)), frame);
  }
  // 14: OTM 1 and 2 look the operation up
  return isMapped(word3) ? mapByMode(at, operationMode(word3), operation) : 0;
}

/** The translated base gives the bits above the mapped size, the address those below. */
function translate(at: Lookup, target: number, frame: number): number {
  const order = at.mappedOrder;
  if (order > 31) return translateLarge(at, target, frame);
  // A bitwise operator takes the low 32 bits of any integer up to 2^53.
  const below = (1 << order) - 1;
  at.lostFrames = target & below;
  at.physicalFrame = target - (target & below) + (frame & below);
  return 0;
}

function translateLarge(at: Lookup, target: number, frame: number): number {
  const size = powerOfTwo(at.mappedOrder);
  at.lostFrames = target % size;
  at.physicalFrame = target - (target % size) + (frame % size);
  return 0;
}

/** Whether 0 ≤ within < 2^order; the order is not negative. */
function isInside(within: number, order: number): boolean {
  return order < 31 ? within >= 0 && within < 1 << order : isInsideLarge(within, order);
}

function isInsideLarge(within: number, order: number): boolean {
  return within >= 0 && within < powerOfTwo(order);
}

function mapByMode(at: Lookup, mode: number, operation: number): number {
  const word7 = at.bytes.getInt32(at.start + 28);
  if (mode === OPERATIONS_IMMEDIATE) return become(at, immediateCode(operation, word7));
  if (mode === OPERATIONS_INDEXED) return mapByTable(at, operationIndex(word7), operation);
  return OPERATION_MODE_RESERVED;
}

function mapByTable(at: Lookup, index: number, operation: number): number {
  const table = at.operationTable;
  const start = table.seek(index);
  if (start < 0) return notFound(at, table, index, NOT_IN_OPERATION_TABLE);
  return become(at, table.bytes.getUint8(start + codeOf(operation)));
}

function become(at: Lookup, code: number): number {
  at.outgoing = codeOf(code);
  return isMappedCode(code) ? 0 : OPERATION_NOT_MAPPED;
}

/** What AP lacks: everything, or only what the operation needs. */
function denial(operation: number, word1: number): number {
  if (permissions(word1) === 0) return ACCESS_DENIED;
  const needed = neededPermissions(operation);
  if (needed === QUERY) return QUERY_DENIED;
  return needed === UPDATE ? UPDATE_DENIED : ATOMIC_DENIED;
}

/** The table ends before the entry, which `code` says, or the entry cannot be read. */
function notFound(at: Lookup, table: PamuTable, index: number, code: number): number {
  if (!table.has(index)) return code;
  at.unreadable = table.placeOf(index);
  return UNREADABLE;
}
