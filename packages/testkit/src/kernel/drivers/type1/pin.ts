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
  const { process, frames, vaddrPage } = wanted;
  const runs: PinnedRun[] = [];
  const room = process.locked.room();
  const access = wanted.access.write ? "write" : "read";
  let counted = 0;
  for (let done = 0; done < frames; ) {
    const most = state.parameters.disableHugepages ? 1 : frames - done;
    const run = process.memory.pin(vaddrPage + done, most, access);
    if (run === undefined) return unpinned(runs, -EFAULT);
    runs.push(run);
    // The limit is met page by page, so a run that crosses it fails even if a hole follows.
    if (run.backing.isCounted) counted += run.frames;
    if (counted > room) return unpinned(runs, -ENOMEM);
    done += run.frames;
  }
  return runs;
}

export function unpin(runs: readonly PinnedRun[]): void {
  for (const run of runs) run.backing.unpin(run.frames);
}

/** Pages that count as locked memory: those of a BAR do not. */
export function countedPages(runs: readonly PinnedRun[]): number {
  return runs.reduce((pages, run) => pages + (run.backing.isCounted ? run.frames : 0), 0);
}

function unpinned(runs: readonly PinnedRun[], errno: number): number {
  unpin(runs);
  return errno;
}
