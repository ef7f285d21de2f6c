// VFIO_IOMMU_MAP_DMA: the checks in the kernel's order, then pin and map.
//
// type1.md 2.3 to 2.5. All or nothing: a failure in the middle takes back what was done.

import { u32At, wholeFramesAt } from "../../decode/struct-view.ts";
import { DMA_MAP } from "../../decode/type1.ts";
import { EEXIST, EFAULT, EINVAL, ENOSPC } from "../../errno.ts";
import type { DomainAccess } from "../../iommu/domain.ts";
import type { IoctlCall } from "../../open-file.ts";
import type { Process } from "../../process.ts";
import { borrowStruct } from "../../user-copy.ts";
import { canTrack, newWords } from "./dirty-words.ts";
import type { MapRequest } from "./mapping-list.ts";
import { countedPages, pinPages, unpin } from "./pin.ts";
import { ALL_FRAMES, mapRuns, type Type1State } from "./state.ts";
import { replaceVaddr } from "./vaddr.ts";

const READ = 1;
const WRITE = 2;
const VADDR = 4;

const FIELDS = DMA_MAP.fields;

export function mapDma(state: Type1State, call: IoctlCall): number {
  const { order } = state;
  const bytes = borrowStruct(call.argument, DMA_MAP);
  if (bytes === undefined) return -EFAULT;
  const flags = u32At(bytes, FIELDS.flags, order);
  if (u32At(bytes, FIELDS.argsz, order) < DMA_MAP.size || !isMapFlags(flags)) return -EINVAL;
  const request = {
    iova: wholeFramesAt(bytes, FIELDS.iova, order),
    vaddrPage: wholeFramesAt(bytes, FIELDS.vaddr, order),
    frames: wholeFramesAt(bytes, FIELDS.size, order),
  };
  if (request.iova < 0 || request.vaddrPage < 0 || request.frames <= 0) return -EINVAL;
  if (request.iova + request.frames > ALL_FRAMES) return -EINVAL;
  if (request.vaddrPage + request.frames > ALL_FRAMES) return -EINVAL;
  if (flags === VADDR) return replaceVaddr(state, request, call.process);
  return addMapping(state, request, call.process, {
    read: (flags & READ) !== 0,
    write: (flags & WRITE) !== 0,
  });
}

/** READ, WRITE or both; or VADDR alone. */
function isMapFlags(flags: number): boolean {
  return flags === VADDR || (flags !== 0 && (flags & ~(READ | WRITE)) === 0);
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
  state.mappings.insert({
    iova,
    frames,
    access,
    runs,
    vaddrPage,
    process,
    lockedPages,
    vaddrInvalid: false,
    words,
  });
  return 0;
}

/** Wholly inside one valid range; without any list every address is. */
function isValidRange(state: Type1State, iova: number, frames: number): boolean {
  if (state.ranges.length === 0) return true;
  const last = iova + frames - 1;
  for (const range of state.ranges) if (range.first <= iova && last <= range.last) return true;
  return false;
}
