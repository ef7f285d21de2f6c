// How much memory the process has locked and may lock, for the hint of a refused map.
//
// Read only after the kernel refused: it costs two reads of procfs.

import type { KernelPort } from "../port/kernel-port.ts";

/** What procfs says of this process's locked memory. */
export interface LockedMemory {
  /** Bytes locked now (VmLck), if procfs says so. */
  readonly locked: number | undefined;
  /** The soft RLIMIT_MEMLOCK in bytes; Infinity for `unlimited` and for a process with CAP_IPC_LOCK. */
  readonly limit: number | undefined;
}

/** Reads `/proc/self/status` and `/proc/self/limits`; what cannot be read or parsed is undefined. */
export function readLockedMemory(port: KernelPort): LockedMemory {
  const status = port.readText("/proc/self/status");
  const limits = port.readText("/proc/self/limits");
  const unlimited = typeof status === "string" && mayLockWithoutLimit(status);
  const limit = typeof limits === "string" ? softLimit(limits) : undefined;
  return {
    locked: typeof status === "string" ? kilobytes(status) : undefined,
    limit: unlimited ? Number.POSITIVE_INFINITY : limit,
  };
}

function kilobytes(status: string): number | undefined {
  const match = /^VmLck:\s+(\d{1,15}) kB$/m.exec(status);
  return match?.[1] === undefined ? undefined : Number(match[1]) * 1024;
}

/** CAP_IPC_LOCK is bit 14 (include/uapi/linux/capability.h); who has it is never limited. */
function mayLockWithoutLimit(status: string): boolean {
  const match = /^CapEff:\s+([0-9a-f]{16})$/m.exec(status);
  return match?.[1] !== undefined && (BigInt(`0x${match[1]}`) >> 14n) % 2n === 1n;
}

function softLimit(limits: string): number | undefined {
  const match = /^Max locked memory\s+(unlimited|\d{1,20})\s/m.exec(limits);
  if (match?.[1] === undefined) return undefined;
  return match[1] === "unlimited" ? Number.POSITIVE_INFINITY : Number(match[1]);
}
