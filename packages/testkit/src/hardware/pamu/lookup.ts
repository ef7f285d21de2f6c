// PAMU's authorization and translation of one transaction, in numbered steps.
//
// The parts of each step are those of the QorIQ manuals' entry fields; the order of the steps is this
// model's, since no public text gives it (docs/simulator.md lists them). Step 1, bypass, comes before a
// PAMU is asked at all. Each step answers PASSED, the code of its violation, or UNREADABLE.
//
// Addresses are 4 KiB frames: windows, subwindows and mapped sizes are multiples of 4 KiB.

import {
  frameOf,
  MULTIPLE_WINDOWS,
  NOT_TRANSLATED,
  OPERATIONS_IMMEDIATE,
  OPERATIONS_INDEXED,
  OPERATIONS_UNMAPPED,
  operationMode,
  ownerOf,
  permissions,
  SECONDARY_TYPE,
  SMALLEST_SIZE_CODE,
  sizeCode,
  translationMode,
  VALID,
  WINDOW_TRANSLATED,
  windowCountCode,
} from "./entry-words.ts";
import { blockOf, isBelow, withinBlock } from "./frames.ts";
import type { Lookup } from "./lookup-state.ts";
import { CODE_BITS, MAPPED, neededPermissions, QUERY, UPDATE } from "./operations.ts";
import type { PamuTable } from "./table.ts";
import {
  ACCESS_DENIED,
  ATOMIC_DENIED,
  BEYOND_MAPPED_SIZE,
  DISABLED,
  GATE_CLOSED,
  NOT_IN_OPERATION_TABLE,
  NOT_IN_PRIMARY_TABLE,
  NOT_IN_SECONDARY_TABLE,
  NOT_THE_OWNER,
  OPERATION_MODE_RESERVED,
  OPERATION_NOT_MAPPED,
  OUTSIDE_APERTURE,
  PASSED,
  PRIMARY_INVALID,
  PRIMARY_MALFORMED,
  QUERY_DENIED,
  SECONDARY_INVALID,
  TRANSLATION_UNKNOWN,
  UNREADABLE,
  UPDATE_DENIED,
} from "./violations.ts";

/**
 * Runs steps 2 to 14. `frame` is 0 to 2^52 - 1, `operation` an IOE code. Hot. In three groups because
 * V8 inlines only so much into one function: as one list they took a sixth longer.
 */
export function look(at: Lookup, liodn: number, frame: number, operation: number): number {
  at.liodn = liodn;
  at.frame = frame;
  at.operation = operation;
  return mayUsePrimary(at) || findEntry(at) || grant(at);
}

/** Steps 2 to 7: the LIODN's own entry. */
function mayUsePrimary(at: Lookup): number {
  return (
    isEnabled(at) || // 2
    gateIsOpen(at) || // 3
    hasPrimary(at) || // 4
    primaryIsValid(at) || // 5
    primaryIsUsable(at) || // 6
    isInsideAperture(at) // 7
  );
}

/** Steps 8 to 11: the entry of the subwindow. */
function findEntry(at: Lookup): number {
  return (
    findSubwindow(at) || // 8
    secondaryIsValid(at) || // 9
    secondaryIsOwn(at) || // 10
    isInsideMappedPart(at) // 11
  );
}

/** Steps 12 to 14: what that entry makes of the transaction. */
function grant(at: Lookup): number {
  return (
    isPermitted(at) || // 12
    translate(at) || // 13
    mapOperation(at) // 14
  );
}

/** 2: PC.PE is set. */
function isEnabled(at: Lookup): number {
  return at.gates.enabled ? PASSED : DISABLED;
}

/** 3: PC.PGC is clear. */
function gateIsOpen(at: Lookup): number {
  return at.gates.closed ? GATE_CLOSED : PASSED;
}

/** 4: the primary table reaches to the LIODN's entry. */
function hasPrimary(at: Lookup): number {
  return at.primaryTable.has(at.liodn) ? PASSED : NOT_IN_PRIMARY_TABLE;
}

/** 5: the primary entry can be read, and V says that it counts. */
function primaryIsValid(at: Lookup): number {
  const entry = at.primaryTable.fetch(at.liodn);
  if (entry === undefined) return cannotRead(at, at.primaryTable, at.liodn);
  at.primary = entry;
  return (entry.word1 & VALID) !== 0 ? PASSED : PRIMARY_INVALID;
}

/**
 * 6: it is a primary entry whose sizes this PAMU can work with: an aperture of 4 KiB or more, no more
 * windows than PC3 offers, and none smaller than 4 KiB.
 */
function primaryIsUsable(at: Lookup): number {
  const { word1 } = at.primary;
  at.apertureOrder = sizeCode(word1) - SMALLEST_SIZE_CODE;
  if ((word1 & SECONDARY_TYPE) !== 0 || at.apertureOrder < 0) return PRIMARY_MALFORMED;
  if ((word1 & MULTIPLE_WINDOWS) === 0) return PASSED;
  const count = windowCountCode(at.primary.word3);
  at.slotOrder = at.apertureOrder - count - 1;
  const isOffered = count <= at.gates.largestCountCode && at.slotOrder >= 0;
  return isOffered ? PASSED : PRIMARY_MALFORMED;
}

/** 7: the window base is not above the address, and the aperture reaches to it. */
function isInsideAperture(at: Lookup): number {
  at.within = at.frame - frameOf(at.primary.word0, at.primary.word1);
  const isInside = at.within >= 0 && isBelow(at.within, at.apertureOrder);
  return isInside ? PASSED : OUTSIDE_APERTURE;
}

/** 8: subwindow 0 is in the primary entry, subwindow k is secondary entry FSPI + k - 1. */
function findSubwindow(at: Lookup): number {
  at.entry = at.primary;
  at.index = 0;
  if ((at.primary.word1 & MULTIPLE_WINDOWS) === 0) return PASSED;
  at.index = blockOf(at.within, at.slotOrder);
  if (at.index === 0) return PASSED;
  const number = (at.primary.word6 >>> 0) + at.index - 1;
  if (!at.secondaryTable.has(number)) return NOT_IN_SECONDARY_TABLE;
  const entry = at.secondaryTable.fetch(number);
  if (entry === undefined) return cannotRead(at, at.secondaryTable, number);
  at.entry = entry;
  return PASSED;
}

/** 9: a secondary entry has a V of its own; subwindow 0 has none. */
function secondaryIsValid(at: Lookup): number {
  return at.index === 0 || (at.entry.word1 & VALID) !== 0 ? PASSED : SECONDARY_INVALID;
}

/** 10: the entry is a secondary one and names the requester as its owner. */
function secondaryIsOwn(at: Lookup): number {
  if (at.index === 0) return PASSED;
  const { word1 } = at.entry;
  const isOwn = (word1 & SECONDARY_TYPE) !== 0 && ownerOf(word1) === at.liodn;
  return isOwn ? PASSED : NOT_THE_OWNER;
}

/** 11: with several windows only the first 2^(SWSE + 1) bytes of each are mapped. */
function isInsideMappedPart(at: Lookup): number {
  at.mappedOrder = at.apertureOrder;
  if ((at.primary.word1 & MULTIPLE_WINDOWS) === 0) return PASSED;
  const order = sizeCode(at.entry.word5) - SMALLEST_SIZE_CODE;
  at.mappedOrder = Math.min(order, at.slotOrder);
  const isInside = order >= 0 && isBelow(withinBlock(at.within, at.slotOrder), order);
  return isInside ? PASSED : BEYOND_MAPPED_SIZE;
}

/** 12: AP admits what the operation needs. */
function isPermitted(at: Lookup): number {
  const needed = neededPermissions(at.operation);
  const admitted = permissions(at.entry.word1);
  if ((needed & admitted) === needed) return PASSED;
  return admitted === 0 ? ACCESS_DENIED : denial(needed);
}

/** 13: ATM 0 passes the address on, ATM 1 replaces what is above the mapped size. */
function translate(at: Lookup): number {
  at.physicalFrame = at.frame;
  at.lostFrames = 0;
  const mode = translationMode(at.entry.word3);
  if (mode === NOT_TRANSLATED) return PASSED;
  if (mode !== WINDOW_TRANSLATED) return TRANSLATION_UNKNOWN;
  const target = frameOf(at.entry.word4, at.entry.word5);
  at.lostFrames = withinBlock(target, at.mappedOrder);
  at.physicalFrame = target - at.lostFrames + withinBlock(at.frame, at.mappedOrder);
  return PASSED;
}

/** 14: OTM 0 keeps the operation, OTM 1 and 2 look it up. */
function mapOperation(at: Lookup): number {
  const mode = operationMode(at.entry.word3);
  at.outgoing = at.operation & CODE_BITS;
  if (mode === OPERATIONS_UNMAPPED) return PASSED;
  if (mode === OPERATIONS_IMMEDIATE) return mapped(at, immediateCode(at));
  return mode === OPERATIONS_INDEXED ? mapByTable(at) : OPERATION_MODE_RESERVED;
}

/** Word 7 is IOEA, MOEA, IOEB, MOEB: two operations and what becomes of each. */
function immediateCode({ operation, entry }: Lookup): number {
  const word = entry.word7;
  if (word >>> 24 === operation) return (word >>> 16) & 0xff;
  return ((word >>> 8) & 0xff) === operation ? word & 0xff : 0;
}

function mapByTable(at: Lookup): number {
  const table = at.operationTable;
  const index = at.entry.word7 & 0xffff;
  if (!table.has(index)) return NOT_IN_OPERATION_TABLE;
  const code = table.fetchByte(index, at.operation & CODE_BITS);
  return code === undefined ? cannotRead(at, table, index) : mapped(at, code);
}

function mapped(at: Lookup, code: number): number {
  if ((code & MAPPED) === 0) return OPERATION_NOT_MAPPED;
  at.outgoing = code & CODE_BITS;
  return PASSED;
}

/** What AP lacks, when it admits something but not this. */
function denial(needed: number): number {
  if (needed === QUERY) return QUERY_DENIED;
  return needed === UPDATE ? UPDATE_DENIED : ATOMIC_DENIED;
}

function cannotRead(at: Lookup, table: PamuTable, index: number): typeof UNREADABLE {
  at.unreadable = table.placeOf(index);
  return UNREADABLE;
}
