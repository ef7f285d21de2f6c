// VFIO_IOMMU_MAP_DMA: the checks in the kernel's order, then pin and map run by run.
//
// type1.md 2.3 to 2.5. All or nothing: a failure in the middle takes back what was done.

import type { PinnedRun } from "../../backing.ts";
import { DMA_MAP } from "../../decode/type1.ts";
import { EEXIST, EFAULT, EINVAL, ENOMEM, ENOSPC } from "../../errno.ts";
import type { DomainAccess } from "../../iommu/domain.ts";
import type { IoctlCall } from "../../open-file.ts";
import type { Process } from "../../process.ts";
import { copyStruct } from "../../user-copy.ts";
import { canTrack, newWords } from "./dirty-words.ts";
import type { MapRequest } from "./mapping-list.ts";
import { ALL_FRAMES, type Type1State } from "./state.ts";
import { replaceVaddr } from "./vaddr.ts";

const READ = 1;
const WRITE = 2;
const VADDR = 4;

export function mapDma(state: Type1State, call: IoctlCall): number {
  const copied = copyStruct(call.argument, DMA_MAP, state.order);
  if (copied === undefined) return -EFAULT;
  const { view } = copied;
  const flags = view.u32("flags");
  if (view.u32("argsz") < DMA_MAP.size || (flags & ~(READ | WRITE | VADDR)) !== 0) return -EINVAL;
  if (flags === 0 || ((flags & VADDR) !== 0 && flags !== VADDR)) return -EINVAL;
  if ((view.inFrame("size") | view.inFrame("iova") | view.inFrame("vaddr")) !== 0) return -EINVAL;
  const request = {
    iova: view.frames("iova"),
    vaddrPage: view.frames("vaddr"),
    frames: view.frames("size"),
  };
  if (request.frames === 0) return -EINVAL;
  if (request.iova + request.frames > ALL_FRAMES) return -EINVAL;
  if (request.vaddrPage + request.frames > ALL_FRAMES) return -EINVAL;
  if (flags === VADDR) return replaceVaddr(state, request, call.process);
  return addMapping(state, request, call.process, {
    read: (flags & READ) !== 0,
    write: (flags & WRITE) !== 0,
  });
}

function addMapping(
  state: Type1State,
  request: MapRequest,
  process: Process,
  access: DomainAccess,
): number {
  const { iova, frames, vaddrPage } = request;
  if (state.mappings.overlapping(iova, frames) !== undefined) return -EEXIST;
  if (state.available === 0) return -ENOSPC;
  if (!isValidRange(state, iova, frames)) return -EINVAL;
  const runs = pinAndMap(state, request, process, access);
  if (typeof runs === "number") return runs;
  if (state.dirtyTracking && !canTrack(frames)) {
    undo(state, iova, runs);
    return -EINVAL;
  }
  process.locked.pages += frames;
  state.available -= 1;
  state.mappings.insert({
    iova,
    frames,
    access,
    runs,
    vaddrPage,
    process,
    lockedPages: frames,
    vaddrInvalid: false,
    words: state.dirtyTracking ? newWords(frames) : null,
  });
  return 0;
}

/** Wholly inside one valid range; without any list every address is. */
function isValidRange(state: Type1State, iova: number, frames: number): boolean {
  if (state.ranges.length === 0) return true;
  const last = iova + frames - 1;
  return state.ranges.some((range) => range.first <= iova && last <= range.last);
}

/** The runs that were pinned and entered into every page table, or -errno with nothing left. */
function pinAndMap(
  state: Type1State,
  request: MapRequest,
  process: Process,
  access: DomainAccess,
): readonly PinnedRun[] | number {
  const runs: PinnedRun[] = [];
  const room = process.locked.room();
  const wanted = access.write ? "write" : "read";
  for (let done = 0; done < request.frames; ) {
    const most = state.parameters.disableHugepages ? 1 : request.frames - done;
    const run = process.memory.pin(request.vaddrPage + done, most, wanted);
    if (run === undefined) return undo(state, request.iova, runs, -EFAULT);
    runs.push(run);
    // The limit is met page by page, so a run that crosses it fails even if a hole follows.
    if (done + run.frames > room) return undo(state, request.iova, runs, -ENOMEM, run);
    for (const { domain } of state.domains)
      domain.map(request.iova + done, run.frame, run.frames, access);
    done += run.frames;
  }
  return runs;
}

/** Takes back all runs; `unmapped` is one that was pinned but entered nowhere. */
function undo(
  state: Type1State,
  iova: number,
  runs: readonly PinnedRun[],
  errno = 0,
  unmapped?: PinnedRun,
): number {
  let at = iova;
  for (const run of runs) {
    if (run !== unmapped) for (const { domain } of state.domains) domain.unmap(at, run.frames);
    run.backing.unpin(run.frames);
    at += run.frames;
  }
  return errno;
}
