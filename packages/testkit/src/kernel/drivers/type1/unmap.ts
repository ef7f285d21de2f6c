// VFIO_IOMMU_UNMAP_DMA: the checks in the kernel's order, then the walk over whole mappings.
//
// type1.md 2.6. A mapping goes whole or stays. A range that ends exactly at 2^64 passes every check
// and meets nothing, because its end wraps to 0: that is the kernel's answer, not an oversight.

import { DMA_UNMAP } from "../../decode/type1.ts";
import { EBUSY, EFAULT, EINVAL } from "../../errno.ts";
import type { IoctlCall } from "../../open-file.ts";
import { copyStruct } from "../../user-copy.ts";
import { type BitmapRequest, readBitmap } from "./bitmap-request.ts";
import { reportDirty } from "./dirty-words.ts";
import type { Mapping } from "./mapping-list.ts";
import { ALL_FRAMES, FRAME, type Type1State } from "./state.ts";
import { invalidateVaddrs } from "./vaddr.ts";

const GET_DIRTY_BITMAP = 1;
const ALL = 2;
const VADDR = 4;

/** What to walk: frames from `first` to before `end`, which is 0 if it wrapped. */
interface UnmapRequest {
  readonly flags: number;
  readonly first: number;
  readonly end: number;
  readonly bitmap: BitmapRequest | undefined;
}

export function unmapDma(state: Type1State, call: IoctlCall): number {
  const copied = copyStruct(call.argument, DMA_UNMAP, state.order);
  if (copied === undefined) return -EFAULT;
  const { view } = copied;
  const flags = view.u32("flags");
  if (view.u32("argsz") < DMA_UNMAP.size || (flags & ~7) !== 0) return -EINVAL;
  if ((flags & GET_DIRTY_BITMAP) !== 0 && (flags & (ALL | VADDR)) !== 0) return -EINVAL;
  const [argsz, size] = [view.u32("argsz"), view.u64("size")];
  const bitmap = requestedBitmap(state, call, flags, { argsz, at: DMA_UNMAP.size, size });
  if (typeof bitmap === "number") return bitmap;
  if (view.inFrame("iova") !== 0) return -EINVAL;
  const end = rangeEnd(view, flags);
  if (end < 0) return end;
  if (bitmap !== undefined && (!state.dirtyTracking || bitmap.pageSize !== BigInt(FRAME)))
    return -EINVAL;
  const frames = run(state, call, { flags, first: view.frames("iova"), end, bitmap });
  if (frames < 0) return frames;
  view.setU64("size", BigInt(frames) * BigInt(FRAME));
  return call.argument.write(0, copied.bytes) ? 0 : -EFAULT;
}

/** Where the bits go, if they are asked for; then what mediated devices forbid. */
function requestedBitmap(
  state: Type1State,
  call: IoctlCall,
  flags: number,
  place: Parameters<typeof readBitmap>[2],
): BitmapRequest | number | undefined {
  if ((flags & GET_DIRTY_BITMAP) !== 0) return readBitmap(call.argument, state.order, place);
  return (flags & VADDR) !== 0 && state.mediatedGroups.length > 0 ? -EBUSY : undefined;
}

/** The end of the range in frames, wrapped to 0 at 2^64; or -EINVAL. */
function rangeEnd(
  view: { frames(field: "iova" | "size"): number; inFrame(field: "size"): number },
  flags: number,
): number {
  const [iova, frames, odd] = [view.frames("iova"), view.frames("size"), view.inFrame("size")];
  if ((flags & ALL) !== 0) return iova === 0 && frames === 0 && odd === 0 ? ALL_FRAMES : -EINVAL;
  if (frames === 0 || odd !== 0 || iova + frames > ALL_FRAMES) return -EINVAL;
  return iova + frames === ALL_FRAMES ? 0 : iova + frames;
}

/** The frames of all mappings met, or -errno. */
function run(state: Type1State, call: IoctlCall, request: UnmapRequest): number {
  if (state.v2 && (request.flags & ALL) === 0 && cutsMapping(state, request)) return -EINVAL;
  const start = state.mappings.firstEndingAfter(request.first);
  const met = mappingsMet(state, request, start);
  if ((request.flags & VADDR) !== 0) return invalidateVaddrs(state, met);
  let frames = 0;
  let removed = 0;
  let errno = 0;
  for (const mapping of met) {
    const bitmap = request.bitmap;
    if (bitmap !== undefined && !reportDirty(mapping, request.first, bitmap, call.process)) {
      errno = -EFAULT;
      break;
    }
    state.unmapAndUnpin(mapping);
    frames += mapping.frames;
    removed += 1;
  }
  state.mappings.removeRange(start, removed);
  return errno === 0 ? frames : errno;
}

/** Whether the range begins or ends inside a mapping; the last byte is looked at without wrap. */
function cutsMapping(state: Type1State, request: UnmapRequest): boolean {
  const first = state.mappings.overlapping(request.first, 1);
  if (first !== undefined && first.iova !== request.first) return true;
  const end = request.end === 0 ? ALL_FRAMES : request.end;
  const last = state.mappings.overlapping(end - 1, 1);
  return last !== undefined && last.iova + last.frames !== end;
}

function mappingsMet(state: Type1State, request: UnmapRequest, start: number): Mapping[] {
  const met: Mapping[] = [];
  for (let index = start; ; index += 1) {
    const mapping = state.mappings.at(index);
    if (mapping === undefined || mapping.iova >= request.end) return met;
    // Version 1 gives up at a mapping that begins before the range, and at all that follow.
    if (!state.v2 && mapping.iova < request.first) return met;
    met.push(mapping);
  }
}
