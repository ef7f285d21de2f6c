// AMD-Vi's register page (AMD IOMMU specification 48882, section 3.4), without guest translation.
//
// Names and bit numbers are the manual's.

import type { RegisterSpec } from "../register-file.ts";

export type AmdRegisterName =
  | "DeviceTableBase"
  | "CommandBufferBase"
  | "EventLogBase"
  | "Control"
  | "ExtendedFeatures"
  | "CommandHead"
  | "CommandTail"
  | "EventHead"
  | "EventTail"
  | "Status";

/** Bits of Control (3.4.3). */
export const IOMMU_ENABLE = 1n;
export const EVENT_LOG_ENABLE: bigint = 1n << 2n;
export const EVENT_INTERRUPT_ENABLE: bigint = 1n << 3n;
export const COMMAND_BUFFER_ENABLE: bigint = 1n << 12n;

/** Bits of Status (3.4.11). */
export const EVENT_OVERFLOW = 1n;
export const EVENT_LOG_INTERRUPT = 2n;
export const COMPLETION_INTERRUPT = 4n;
export const EVENT_LOG_RUNNING = 8n;
export const COMMAND_BUFFER_RUNNING = 16n;

const RING_BASE = 0x0f0f_ffff_ffff_f000n; // length 59..56, address 51..12
const RING_POINTER = 0x7_fff0n;

/** `levels` is the deepest host page table: 4, 5 or 6 (HATS). */
export function amdRegisters(levels: number): readonly RegisterSpec<AmdRegisterName>[] {
  const features =
    (1n << 6n) | // IASup: INVALIDATE_IOMMU_ALL
    (BigInt(levels - 4) << 10n); // HATS
  return [
    { name: "DeviceTableBase", offset: 0x00, width: 8, writable: 0x000f_ffff_ffff_f1ffn },
    { name: "CommandBufferBase", offset: 0x08, width: 8, writable: RING_BASE },
    { name: "EventLogBase", offset: 0x10, width: 8, writable: RING_BASE },
    { name: "Control", offset: 0x18, width: 8, writable: 0x1fffn },
    { name: "ExtendedFeatures", offset: 0x30, width: 8, reset: features },
    { name: "CommandHead", offset: 0x2000, width: 8, writable: RING_POINTER },
    { name: "CommandTail", offset: 0x2008, width: 8, writable: RING_POINTER },
    { name: "EventHead", offset: 0x2010, width: 8, writable: RING_POINTER },
    { name: "EventTail", offset: 0x2018, width: 8, writable: RING_POINTER },
    { name: "Status", offset: 0x2020, width: 8, clearedByOne: 0x7n },
  ];
}

/** Entries of a ring whose base register this is: 2^length, 256 to 32768 (3.4.1, 3.4.2). */
export function ringEntries(base: bigint): number {
  return 2 ** Math.min(Math.max(Number(base >> 56n) & 15, 8), 15);
}

export function ringFrame(base: bigint): number {
  return Number((base >> 12n) & 0xff_ffff_ffffn);
}
