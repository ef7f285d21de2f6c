// Pins the memory behind one slot: all of its pages, in one physically contiguous piece.
//
// A window has one translated base, so what is behind it must be one piece. Nothing stays pinned
// after an error.

import type { PinnedRun } from "../../backing.ts";
import { EFAULT } from "../../errno.ts";
import type { Process } from "../../process.ts";
import { PAGE } from "../../user-memory.ts";

/** Pages that are pinned behind one window. */
export interface PinnedSlot {
  readonly process: Process;
  readonly runs: readonly PinnedRun[];
  /** Physical address of the first byte. */
  readonly pa: number;
  readonly pages: number;
}

/** -EFAULT when a page is not there, may not be accessed, or lies elsewhere than its neighbours. */
export function pinSlot(
  process: Process,
  vaddr: bigint,
  pages: number,
  access: "read" | "write",
): PinnedSlot | number {
  const firstPage = Number(vaddr / BigInt(PAGE));
  const runs: PinnedRun[] = [];
  for (let done = 0; done < pages; ) {
    const run = process.memory.pin(firstPage + done, pages - done, access);
    if (run !== undefined) runs.push(run);
    const start = runs[0]?.frame;
    if (run === undefined || start === undefined || run.frame !== start + done)
      return unpinned(runs);
    done += run.frames;
  }
  const first = runs[0];
  return first === undefined ? -EFAULT : { process, runs, pa: first.frame * PAGE, pages };
}

export function unpinSlot({ runs }: Pick<PinnedSlot, "runs">): void {
  for (const run of runs) run.backing.unpin(run.frames);
}

function unpinned(runs: readonly PinnedRun[]): number {
  unpinSlot({ runs });
  return -EFAULT;
}
