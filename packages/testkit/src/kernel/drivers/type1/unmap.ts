// VFIO_IOMMU_UNMAP_DMA: the checks in the kernel's order, then the walk over whole mappings.
//
// type1.md 2.6. A mapping goes whole or stays. A range that ends exactly at 2^64 passes every check
// and meets nothing, because its end wraps to 0: that is the kernel's answer, not an oversight.

import { putFrames, StructView, u32At, wholeFramesAt } from "../../decode/struct-view.ts";
import { DMA_UNMAP } from "../../decode/type1.ts";
import { EBUSY, EFAULT, EINVAL } from "../../errno.ts";
import type { IoctlCall } from "../../open-file.ts";
import { borrowStruct } from "../../user-copy.ts";
import { type BitmapRequest, readBitmap } from "./bitmap-request.ts";
import { reportDirty } from "./dirty-words.ts";
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

const FIELDS = DMA_UNMAP.fields;

export function unmapDma(state: Type1State, call: IoctlCall): number {
  const { order } = state;
  const bytes = borrowStruct(call.argument, DMA_UNMAP);
  if (bytes === undefined) return -EFAULT;
  const flags = u32At(bytes, FIELDS.flags, order);
  if (u32At(bytes, FIELDS.argsz, order) < DMA_UNMAP.size || (flags & ~7) !== 0) return -EINVAL;
  if ((flags & GET_DIRTY_BITMAP) !== 0 && (flags & (ALL | VADDR)) !== 0) return -EINVAL;
  const bitmap = flags === 0 ? undefined : requestedBitmap(state, call, flags, bytes);
  if (typeof bitmap === "number") return bitmap;
  const first = wholeFramesAt(bytes, FIELDS.iova, order);
  const end = rangeEnd(first, wholeFramesAt(bytes, FIELDS.size, order), flags);
  if (end < 0) return end;
  if (bitmap !== undefined && (!state.dirtyTracking || bitmap.pageSize !== BigInt(FRAME)))
    return -EINVAL;
  const frames = run(state, call, { flags, first, end, bitmap });
  if (frames < 0) return frames;
  putFrames(bytes, FIELDS.size, order, frames);
  return call.argument.write(0, bytes) ? 0 : -EFAULT;
}

/** Where the bits go, if they are asked for; then what mediated devices forbid. */
function requestedBitmap(
  state: Type1State,
  call: IoctlCall,
  flags: number,
  bytes: Uint8Array,
): BitmapRequest | number | undefined {
  if ((flags & GET_DIRTY_BITMAP) !== 0) {
    const view = new StructView(DMA_UNMAP, bytes, state.order);
    const place = { argsz: view.u32("argsz"), at: DMA_UNMAP.size, size: view.u64("size") };
    return readBitmap(call.argument, state.order, place);
  }
  return (flags & VADDR) !== 0 && state.mediatedGroups.length > 0 ? -EBUSY : undefined;
}

/**
 * The end of the range in frames, wrapped to 0 at 2^64; or -EINVAL, also for what counts no whole
 * frames (negative).
 */
function rangeEnd(first: number, frames: number, flags: number): number {
  if (first < 0) return -EINVAL;
  if ((flags & ALL) !== 0) return first === 0 && frames === 0 ? ALL_FRAMES : -EINVAL;
  if (frames <= 0 || first + frames > ALL_FRAMES) return -EINVAL;
  return first + frames === ALL_FRAMES ? 0 : first + frames;
}

/** The frames of all mappings met, or -errno. */
function run(state: Type1State, call: IoctlCall, request: UnmapRequest): number {
  if (state.v2 && (request.flags & ALL) === 0 && cutsMapping(state, request)) return -EINVAL;
  const start = state.mappings.firstEndingAfter(request.first);
  const count = countMet(state, request, start);
  if ((request.flags & VADDR) !== 0)
    return invalidateVaddrs(state, state.mappings.all.slice(start, start + count));
  let frames = 0;
  let removed = 0;
  let errno = 0;
  for (; removed < count; removed += 1) {
    const mapping = state.mappings.at(start + removed);
    if (mapping === undefined) break;
    const { bitmap } = request;
    if (bitmap !== undefined && !reportDirty(mapping, request.first, bitmap, call.process)) {
      errno = -EFAULT;
      break;
    }
    state.unmapAndUnpin(mapping);
    frames += mapping.frames;
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

/** How many mappings from index `start` on the range meets. */
function countMet(state: Type1State, request: UnmapRequest, start: number): number {
  for (let count = 0; ; count += 1) {
    const mapping = state.mappings.at(start + count);
    if (mapping === undefined || mapping.iova >= request.end) return count;
    // Version 1 gives up at a mapping that begins before the range, and at all that follow.
    if (!state.v2 && mapping.iova < request.first) return count;
  }
}
