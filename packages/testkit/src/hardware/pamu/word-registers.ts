// Registers as a big-endian system on a chip has them: 32 bits each, by byte offset.

import type { RegisterAccess } from "../register-file.ts";

/** What the kernel's in_be32 and out_be32 reach; values are 0 to 2^32 - 1. */
export interface WordRegisters {
  /** A place where nothing is declared reads as zero. */
  read(offset: number): number;
  write(offset: number, value: number): void;
}

export function wordRegisters(registers: RegisterAccess): WordRegisters {
  return {
    read: (offset) => Number(registers.read(offset, 4)),
    write: (offset, value) => registers.write(offset, 4, BigInt(value >>> 0)),
  };
}
