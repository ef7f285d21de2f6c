// Locked memory as the sPAPR driver counts it: in pages of the kernel, of one address space.
//
// account_locked_vm: nothing for nothing; over the limit and without CAP_IPC_LOCK ENOMEM, unchanged.

import { ENOMEM } from "../../errno.ts";
import type { Process } from "../../process.ts";
import { PAGE } from "../../user-memory.ts";

/** Counts `bytes` (whole kernel pages; a rest is not counted): 0 or -ENOMEM. */
export function charge(process: Process, bytes: number, hostShift: number): number {
  const pages = Math.floor(bytes / 2 ** hostShift);
  if (pages === 0) return 0;
  const unit = 2 ** hostShift / PAGE;
  const { locked } = process;
  const limit = Math.floor(locked.limitPages / unit);
  if (!locked.unlimited && locked.pages / unit + pages > limit) return -ENOMEM;
  locked.pages += pages * unit;
  return 0;
}

export function giveBack(process: Process, bytes: number, hostShift: number): void {
  const pages = Math.floor(bytes / 2 ** hostShift);
  process.locked.pages -= pages * (2 ** hostShift / PAGE);
}
