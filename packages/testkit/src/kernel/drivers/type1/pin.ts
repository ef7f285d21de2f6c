// Pinning the pages of a mapping: in runs of contiguous frames, against the process's limit.
//
// type1.md 2.4 and 2.5. All or nothing: after an error no page is pinned.

import type { PinnedRun } from "../../backing.ts";
import { EFAULT, ENOMEM } from "../../errno.ts";
import type { Process } from "../../process.ts";
import type { Mapping, MapRequest } from "./mapping-list.ts";
import type { Type1State } from "./state.ts";

type Wanted = Pick<Mapping, "access"> & Omit<MapRequest, "iova"> & { readonly process: Process };

/** The pinned runs in order, or -errno. */
export function pinPages(state: Type1State, wanted: Wanted): readonly PinnedRun[] | number {
  const first = pinRun(state, wanted, 0);
  if (first === undefined) return -EFAULT;
  // An array for exactly one run: one that grows is made for many.
  const runs: PinnedRun[] = [first];
  const room = wanted.process.locked.room();
  let counted = 0;
  for (let run: PinnedRun | undefined = first, done = 0; ; ) {
    // The limit is met page by page, so a run that crosses it fails even if a hole follows.
    if (run.backing.isCounted) counted += run.frames;
    if (counted > room) return unpinned(runs, -ENOMEM);
    done += run.frames;
    if (done >= wanted.frames) return runs;
    run = pinRun(state, wanted, done);
    if (run === undefined) return unpinned(runs, -EFAULT);
    runs.push(run);
  }
}

/** Pins what lies together from a frame of the mapping on. */
function pinRun(state: Type1State, wanted: Wanted, done: number): PinnedRun | undefined {
  const { process, frames, vaddrPage } = wanted;
  const most = state.parameters.disableHugepages ? 1 : frames - done;
  return process.memory.pin(vaddrPage + done, most, wanted.access.write ? "write" : "read");
}

export function unpin(runs: readonly PinnedRun[]): void {
  for (const run of runs) run.backing.unpin(run.frames);
}

/** Pages that count as locked memory: those of a BAR do not. */
export function countedPages(runs: readonly PinnedRun[]): number {
  let pages = 0;
  for (const run of runs) if (run.backing.isCounted) pages += run.frames;
  return pages;
}

function unpinned(runs: readonly PinnedRun[], errno: number): number {
  unpin(runs);
  return errno;
}
