// The locked memory that a call charges, held to the limit: before the call, and in its error after.

import { formatSize, IommuError, type KernelPort, readLockedMemory } from "@iommukit/core";

/** Why ENOMEM, and the figures for the error. */
export interface LockedState {
  readonly overLimit: boolean;
  readonly locked: number | undefined;
  /** Bytes; undefined also where there is no limit. */
  readonly limit: number | undefined;
}

/** Whether `more` bytes go over the limit. Two reads of procfs. */
export function lockedState(port: KernelPort, more: bigint): LockedState {
  const { locked, limit } = readLockedMemory(port);
  const finite = limit !== undefined && Number.isFinite(limit) ? limit : undefined;
  const overLimit =
    locked !== undefined && finite !== undefined && BigInt(locked) + more > BigInt(finite);
  return { overLimit, locked, limit: finite };
}

export const RAISE_LIMIT =
  "raise the locked-memory limit (ulimit -l, LimitMEMLOCK=), or give CAP_IPC_LOCK";

/** Throws `locked-memory-limit` when `more` bytes, charged for `what`, would not fit. */
export function requireLockable(
  port: KernelPort,
  operation: string,
  what: string,
  more: bigint,
): void {
  const { overLimit, locked, limit } = lockedState(port, more);
  if (!overLimit) return;
  throw new IommuError({
    code: "locked-memory-limit",
    operation,
    sentence: `${operation} refused: ${what} needs ${formatSize(more)} of locked memory`,
    facts: { needed: more, locked, limit },
    hint: RAISE_LIMIT,
  });
}
