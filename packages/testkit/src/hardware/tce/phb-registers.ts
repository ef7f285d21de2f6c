// The registers of a PHB that DMA translation needs, by the names of the IODA2 register list.
//
// Tables on the chip are reached through one address and one data register ("IODA table access").

import type { RegisterSpec } from "../register-file.ts";

export type PhbRegisterName =
  | "RTT_BAR"
  | "RTC_INVALIDATE"
  | "TCE_KILL"
  | "IODA_ADDR"
  | "IODA_DATA0";

export const RTT_BAR = 0x168;
export const RTC_INVALIDATE = 0x208;
export const TCE_KILL = 0x210;
export const IODA_ADDR = 0x220;
export const IODA_DATA0 = 0x228;

const ALL = 0xffff_ffff_ffff_ffffn;

export const PHB_REGISTERS: readonly RegisterSpec<PhbRegisterName>[] = [
  { name: "RTT_BAR", offset: RTT_BAR, width: 8, writable: ALL },
  { name: "RTC_INVALIDATE", offset: RTC_INVALIDATE, width: 8, writable: ALL },
  { name: "TCE_KILL", offset: TCE_KILL, width: 8, writable: ALL },
  { name: "IODA_ADDR", offset: IODA_ADDR, width: 8, writable: ALL },
  { name: "IODA_DATA0", offset: IODA_DATA0, width: 8, writable: ALL },
];

/** Bit 0 of RTT_BAR: the table is there. */
export const RTT_ENABLE: bigint = 1n << 63n;

/** IODA_ADDR: bit 0 moves on by itself, 11:15 choose the table, 54:63 the entry. */
export const IODA_AUTO_INCREMENT: bigint = 1n << 63n;
export const IODA_TABLE_SHIFT = 48n;
export const IODA_ENTRY_MASK = 0x3ffn;

export const TABLE_PESTA = 7;
export const TABLE_PESTB = 8;
export const TABLE_TVT = 9;

/** TCE_KILL: bit 0 everything, bit 1 one PE, bit 2 one page of one PE. */
export const KILL_ALL: bigint = 1n << 63n;
export const KILL_PE: bigint = 1n << 62n;
export const KILL_ONE: bigint = 1n << 61n;
/** The PE's number, in the low bits of TCE_KILL; the page's address above bit 12. */
export const KILL_PE_MASK = 0x1ffn;
