// The register block of one PAMU: 4 KiB of big-endian 32-bit registers.
//
// Offsets as in Linux 6.12, drivers/iommu/fsl_pamu.h. Contents of AVS2, POES2 and UDAD are not
// public; they read as zero here.

import type { RegisterSpec } from "../register-file.ts";
import type { PamuCapabilities } from "./soc.ts";
import { VIOLATION_BITS } from "./violations.ts";

/** Bytes from one PAMU's block to the next, the first at CCSR + 0x20000. */
export const BLOCK_BYTES = 0x1000;

/** Offsets that the model itself acts on, and that tests use by name. */
export const OFFSET = {
  PPBAH: 0x000,
  PPBAL: 0x004,
  PPLAH: 0x008,
  PPLAL: 0x00c,
  SPBAH: 0x010,
  SPBAL: 0x014,
  SPLAH: 0x018,
  SPLAL: 0x01c,
  OBAH: 0x020,
  OBAL: 0x024,
  OLAH: 0x028,
  OLAL: 0x02c,
  POES1: 0x040,
  POES2: 0x044,
  POEAH: 0x048,
  POEAL: 0x04c,
  AVS1: 0x050,
  AVS2: 0x054,
  AVAH: 0x058,
  AVAL: 0x05c,
  EECTL: 0x060,
  EEDIS: 0x064,
  EEINTEN: 0x068,
  EEDET: 0x06c,
  EEATTR: 0x070,
  EEAHI: 0x074,
  EEALO: 0x078,
  EEDHI: 0x07c,
  EEDLO: 0x080,
  EECC: 0x084,
  UDAD: 0x090,
  PR1: 0xbf8,
  PR2: 0xbfc,
  PC1: 0xc00,
  PC2: 0xc04,
  PC3: 0xc08,
  PC4: 0xc0c,
  PC: 0xc10,
  PFA1: 0xc14,
  PFA2: 0xc18,
  PICS: 0xc1c,
  PD1: 0xf00,
  PD2: 0xf04,
  PD3: 0xf08,
  PD4: 0xf0c,
} as const;

export type PamuRegisterName = keyof typeof OFFSET;

/** PC: blocks every transaction. */
export const PC_GATE_CLOSED = 0x8000_0000;
/** PC: PE. */
export const PC_ENABLE = 0x4000_0000;
/** PC: OCE, SPCC and PPCC switch on the caches of the three tables. */
export const PC_OPERATION_CACHE = 0x1000;
export const PC_SECONDARY_CACHE = 0x10;
export const PC_PRIMARY_CACHE = 0x1;

/** PICS: status bits, which software clears by writing ones, and their interrupt enables. */
export const VIOLATION_STATUS = 0x8;
export const VIOLATION_ENABLE = 0x4;
export const ERROR_STATUS = 0x2;
export const ERROR_ENABLE = 0x1;

/** EEDET, EEDIS and EEINTEN. */
export const SINGLE_BIT_ERROR = 0x4;
export const MULTI_BIT_ERROR = 0x8;

const ALL = 0xffff_ffffn;
/** Tables begin at a multiple of 4 KiB. */
const PAGE_BITS = 0xffff_f000n;

const WRITABLE: Partial<Record<PamuRegisterName, bigint>> = {
  PPBAH: ALL,
  PPBAL: PAGE_BITS,
  PPLAH: ALL,
  PPLAL: ALL,
  SPBAH: ALL,
  SPBAL: PAGE_BITS,
  SPLAH: ALL,
  SPLAL: ALL,
  OBAH: ALL,
  OBAL: PAGE_BITS,
  OLAH: ALL,
  OLAL: ALL,
  EECTL: 0x00ff_00ffn,
  EEDIS: 0xcn,
  EEINTEN: 0xcn,
  PC: ALL,
  PFA1: ALL,
  PFA2: ALL,
  PD1: ALL,
  PD2: ALL,
  PD3: ALL,
  PD4: ALL,
};

/** PICS is missing: its status bits have errata, so its owner does all of it. */
const CLEARED_BY_ONE: Partial<Record<PamuRegisterName, bigint>> = {
  AVS1: BigInt(VIOLATION_BITS),
  POES1: 1n,
  EEDET: 0xcn,
  EEATTR: 1n,
};

/** What differs between PAMUs of one system on a chip and another. */
export function pamuRegisters(has: PamuCapabilities): readonly RegisterSpec<PamuRegisterName>[] {
  const reset: Partial<Record<PamuRegisterName, bigint>> = {
    PR1: BigInt(has.revision),
    PC2: BigInt(2 ** has.liodnBits - 1) << 16n,
    PC3: BigInt(has.largestCountCode) << 21n, // MWCE
  };
  // cast: the keys of OFFSET are exactly the names of its type.
  const names = Object.keys(OFFSET) as readonly PamuRegisterName[];
  return names.map((name) => ({
    name,
    offset: OFFSET[name],
    width: 4,
    reset: reset[name] ?? 0n,
    writable: WRITABLE[name] ?? 0n,
    clearedByOne: CLEARED_BY_ONE[name] ?? 0n,
  }));
}
