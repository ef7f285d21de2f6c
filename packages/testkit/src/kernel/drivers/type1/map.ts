// VFIO_IOMMU_MAP_DMA: the checks in the kernel's order, then pin and map.
//
// type1.md 2.3 to 2.5. All or nothing: a failure in the middle takes back what was done.

import { DMA_MAP } from "../../decode/type1.ts";
import { EEXIST, EFAULT, EINVAL, ENOSPC } from "../../errno.ts";
import type { DomainAccess } from "../../iommu/domain.ts";
import type { IoctlCall } from "../../open-file.ts";
import type { Process } from "../../process.ts";
import { copyStruct } from "../../user-copy.ts";
import { canTrack, newWords } from "./dirty-words.ts";
import type { MapRequest } from "./mapping-list.ts";
import { countedPages, pinPages, unpin } from "./pin.ts";
import { ALL_FRAMES, mapRuns, type Type1State } from "./state.ts";
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
  const mapping = { iova, frames, vaddrPage, process, access };
  // Without a domain there is nothing to map into: a mediated device pins what it needs itself.
  const runs = state.domains.length === 0 ? [] : pinPages(state, mapping);
  if (typeof runs === "number") return runs;
  if (state.dirtyTracking && !canTrack(frames)) {
    unpin(runs);
    return -EINVAL;
  }
  for (const { domain } of state.domains) mapRuns(domain, { iova, runs, access });
  const lockedPages = countedPages(runs);
  process.locked.pages += lockedPages;
  state.available -= 1;
  const words = state.dirtyTracking ? newWords(frames) : null;
  state.mappings.insert({ ...mapping, runs, lockedPages, vaddrInvalid: false, words });
  return 0;
}

/** Wholly inside one valid range; without any list every address is. */
function isValidRange(state: Type1State, iova: number, frames: number): boolean {
  if (state.ranges.length === 0) return true;
  const last = iova + frames - 1;
  return state.ranges.some((range) => range.first <= iova && last <= range.last);
}
