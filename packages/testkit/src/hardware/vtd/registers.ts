// The remapping unit's register page (VT-d 11.4), as far as DMA remapping in legacy mode needs it.
//
// Invalidation is by queue only: CCMD and the IOTLB registers are not there, which software sees as
// zeros. Bit numbers are the manual's.

import type { RegisterSpec } from "../register-file.ts";

export const IQT_OFFSET = 0x88;

export type VtdRegisterName =
  | "VER"
  | "CAP"
  | "ECAP"
  | "GCMD"
  | "GSTS"
  | "RTADDR"
  | "FSTS"
  | "FECTL"
  | "FEDATA"
  | "FEADDR"
  | "FEUADDR"
  | "IQH"
  | "IQT"
  | "IQA"
  | "ICS"
  | `FRCD${number}.${"LOW" | "HIGH"}`;

/** What this unit can do; the defaults are what QEMU's unit shows, but for the host address width. */
export interface VtdCapabilities {
  /** MGAW: 39, 48 or 57. */
  readonly addressWidth: 39 | 48 | 57;
  /** Physical address bits an entry may hold (HAW). */
  readonly hostAddressWidth: number;
  readonly pages2M: boolean;
  readonly pages1G: boolean;
  readonly snoopControl: boolean;
  readonly cachingMode: boolean;
  readonly passThrough: boolean;
  readonly interruptRemapping: boolean;
  /** Fault recording registers, 1 to 256. */
  readonly faultRecords: number;
  /** MAMV: the largest address mask of a page-selective invalidation. */
  readonly largestAddressMask: number;
}

export const DEFAULT_CAPABILITIES: VtdCapabilities = {
  addressWidth: 39,
  hostAddressWidth: 46,
  pages2M: true,
  pages1G: true,
  snoopControl: false,
  cachingMode: true,
  passThrough: true,
  interruptRemapping: true,
  faultRecords: 8,
  largestAddressMask: 18,
};

/** Bits of GCMD; a status bit of GSTS has the same place (11.4.4, 11.4.5). */
export const TRANSLATION_ENABLE: bigint = 1n << 31n;
export const SET_ROOT_TABLE_POINTER: bigint = 1n << 30n;
export const QUEUED_INVALIDATION_ENABLE: bigint = 1n << 26n;
export const INTERRUPT_REMAPPING_ENABLE: bigint = 1n << 25n;

/** Bits of FSTS (11.4.9). */
export const FAULT_OVERFLOW = 1n;
export const FAULT_PENDING = 2n;
export const QUEUE_ERROR: bigint = 1n << 4n;

/** Bits of FECTL (11.4.10). */
export const EVENT_MASKED: bigint = 1n << 31n;
export const EVENT_PENDING: bigint = 1n << 30n;

/** Where the fault recording registers begin; CAP.FRO says it to software in units of 16 bytes. */
const FAULT_RECORD_OFFSET = 0x220;
const F_BIT = 1n << 63n;

/** CAP_REG, 11.4.2. */
function capability(has: VtdCapabilities): bigint {
  const widths = { 39: 0b00010n, 48: 0b00110n, 57: 0b01110n };
  return (
    0b110n | // ND: 16-bit domain ids
    (bit(has.cachingMode) << 7n) | // CM
    (widths[has.addressWidth] << 8n) | // SAGAW
    (BigInt(has.addressWidth - 1) << 16n) | // MGAW
    (BigInt(FAULT_RECORD_OFFSET / 16) << 24n) | // FRO
    (bit(has.pages2M) << 34n) | // SSLPS
    (bit(has.pages1G) << 35n) |
    (1n << 39n) | // PSI
    (BigInt(has.faultRecords - 1) << 40n) | // NFR
    (BigInt(has.largestAddressMask) << 48n) | // MAMV
    (0b11n << 54n) // DWD, DRD
  );
}

/** ECAP_REG, 11.4.3. */
function extendedCapability(has: VtdCapabilities): bigint {
  return (
    (1n << 1n) | // QI
    (bit(has.interruptRemapping) << 3n) | // IR
    (bit(has.passThrough) << 6n) | // PT
    (bit(has.snoopControl) << 7n) // SC
  );
}

export function vtdRegisters(has: VtdCapabilities): readonly RegisterSpec<VtdRegisterName>[] {
  return [
    { name: "VER", offset: 0x00, width: 4, reset: 0x10n },
    { name: "CAP", offset: 0x08, width: 8, reset: capability(has) },
    { name: "ECAP", offset: 0x10, width: 8, reset: extendedCapability(has) },
    { name: "GCMD", offset: 0x18, width: 4 }, // write only: reads as zero
    { name: "GSTS", offset: 0x1c, width: 4 },
    { name: "RTADDR", offset: 0x20, width: 8, writable: 0xffff_ffff_ffff_fc00n },
    { name: "FSTS", offset: 0x34, width: 4, clearedByOne: FAULT_OVERFLOW | 0x7cn },
    { name: "FECTL", offset: 0x38, width: 4, reset: EVENT_MASKED, writable: EVENT_MASKED },
    { name: "FEDATA", offset: 0x3c, width: 4, writable: 0xffffn },
    { name: "FEADDR", offset: 0x40, width: 4, writable: 0xffff_fffcn },
    { name: "FEUADDR", offset: 0x44, width: 4, writable: 0xffff_ffffn },
    { name: "IQH", offset: 0x80, width: 8 },
    { name: "IQT", offset: IQT_OFFSET, width: 8, writable: 0x7_fff0n },
    { name: "IQA", offset: 0x90, width: 8, writable: 0xffff_ffff_ffff_f007n },
    { name: "ICS", offset: 0x9c, width: 4, clearedByOne: 1n },
    ...faultRecordRegisters(has.faultRecords),
  ];
}

/** FRCD_REG [n], 11.4.14: 128 bits each; only F can be written, and a one clears it. */
function faultRecordRegisters(count: number): RegisterSpec<VtdRegisterName>[] {
  return Array.from({ length: count }, (_, index): RegisterSpec<VtdRegisterName>[] => {
    const offset = FAULT_RECORD_OFFSET + 16 * index;
    return [
      { name: `FRCD${index}.LOW`, offset, width: 8 },
      { name: `FRCD${index}.HIGH`, offset: offset + 8, width: 8, clearedByOne: F_BIT },
    ];
  }).flat();
}

function bit(value: boolean): bigint {
  return value ? 1n : 0n;
}
