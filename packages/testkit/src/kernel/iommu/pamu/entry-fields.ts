// The fields of a PAACE as the kernel's driver writes them (asm/fsl_pamu.h names, drivers/iommu).
//
// Masks count from the least significant bit. Written from the driver's side: the hardware has a
// description of its own (hardware/pamu), and the two must meet in the bytes of the tables.

import { EINVAL } from "../../errno.ts";

/** Bytes of a primary or a secondary entry; 16 words, of which the last eight stay zero. */
export const PAACE_BYTES = 64;

/** A field: which word of the entry, which bits, and where they begin. */
export interface EntryField {
  readonly word: number;
  readonly mask: number;
  readonly shift: number;
}

const field = (word: number, mask: number): EntryField => ({
  word,
  mask,
  shift: 31 - Math.clz32(mask & -mask),
});

export const WBAH: EntryField = field(0, 0xffff_ffff);
export const WBAL: EntryField = field(1, 0xffff_f000);
export const WSE: EntryField = field(1, 0xfc0);
export const MW: EntryField = field(1, 0x20);
export const AP: EntryField = field(1, 0x18);
export const PT: EntryField = field(1, 0x2);
export const V: EntryField = field(1, 0x1);
/** Secondary entries only: who may use this entry. */
export const LIODN: EntryField = field(1, 0xffff_0000);
/** Coherence required. */
export const CR: EntryField = field(2, 0x80);
/** Cache that is stashed into. */
export const CID: EntryField = field(3, 0xff_0000);
export const WCE: EntryField = field(3, 0xf0);
export const ATM: EntryField = field(3, 0xc);
export const OTM: EntryField = field(3, 0x3);
export const TWBAH: EntryField = field(4, 0xffff_ffff);
export const TWBAL: EntryField = field(5, 0xffff_f000);
export const SWSE: EntryField = field(5, 0xfc0);
/** Index of the first secondary entry. */
export const FSPI: EntryField = field(6, 0xffff_ffff);
/** Index into the operation mapping table. */
export const OMI: EntryField = field(7, 0xffff);

/** AP values; the device's view. */
export const AP_DENY = 0;
/** ATM: the window's translated base replaces the window's base. */
export const ATM_WINDOW = 1;
/** OTM: the operation is looked up in the operation mapping table. */
export const OTM_INDEXED = 2;

export const SMALLEST_WINDOW = 4096;

/** Whether a size is a power of two of at least 4 KiB; exact up to 2^53. */
export function isWindowSize(size: number): boolean {
  return size >= SMALLEST_WINDOW && isPowerOfTwo(size);
}

export function isPowerOfTwo(value: number): boolean {
  return value >= 1 && Number.isInteger(Math.log2(value));
}

/** WSE or SWSE of a size: log2 - 1. -EINVAL for what no window can be. */
export function sizeCode(size: number): number {
  return isWindowSize(size) ? Math.log2(size) - 1 : -EINVAL;
}

/** WCE of a number of windows from 2 on: log2 - 1. -EINVAL for other numbers; 1 has MW 0 and no code. */
export function countCode(windows: number): number {
  return windows >= 2 && isPowerOfTwo(windows) ? Math.log2(windows) - 1 : -EINVAL;
}

/** Windows that the hardware can count to: 2^(MWCE + 1), MWCE in bits 24:21 of PC3. */
export function mostWindows(pc3: number): number {
  return 2 ** (((pc3 >>> 21) & 0xf) + 1);
}
