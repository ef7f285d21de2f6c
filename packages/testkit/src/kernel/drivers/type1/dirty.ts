// VFIO_IOMMU_DIRTY_PAGES: switch tracking on and off, and read the bits (type1.md 2.8).

import { StructView } from "../../decode/struct-view.ts";
import { BITMAP, DIRTY_BITMAP, DIRTY_BITMAP_GET } from "../../decode/type1.ts";
import { EACCES, EFAULT, EINVAL } from "../../errno.ts";
import type { IoctlCall } from "../../open-file.ts";
import { copyStruct } from "../../user-copy.ts";
import { type BitmapRequest, checkBitmap } from "./bitmap-request.ts";
import { canTrack, clearReported, newWords, reportDirty } from "./dirty-words.ts";
import { ALL_FRAMES, FRAME, type Type1State } from "./state.ts";

const START = 1;
const STOP = 2;
const GET_BITMAP = 4;

export function dirtyPages(state: Type1State, call: IoctlCall): number {
  if (!state.v2) return -EACCES;
  const head = copyStruct(call.argument, DIRTY_BITMAP, state.order);
  if (head === undefined) return -EFAULT;
  if (head.view.u32("argsz") < DIRTY_BITMAP.size) return -EINVAL;
  switch (head.view.u32("flags")) {
    case START:
      return start(state);
    case STOP:
      return stop(state);
    case GET_BITMAP:
      return getBitmap(state, call, head.view.u32("argsz"));
    default:
      return -EINVAL;
  }
}

function start(state: Type1State): number {
  if (state.dirtyTracking) return 0;
  if (state.mappings.all.some((mapping) => !canTrack(mapping.frames))) return -EINVAL;
  for (const mapping of state.mappings.all) mapping.words = newWords(mapping.frames);
  state.dirtyTracking = true;
  return 0;
}

function stop(state: Type1State): number {
  for (const mapping of state.mappings.all) mapping.words = null;
  state.dirtyTracking = false;
  return 0;
}

function getBitmap(state: Type1State, call: IoctlCall, argsz: number): number {
  if (argsz < DIRTY_BITMAP.size + DIRTY_BITMAP_GET.size) return -EINVAL;
  const bytes = call.argument.read(DIRTY_BITMAP.size, DIRTY_BITMAP_GET.size);
  if (bytes === undefined) return -EFAULT;
  const view = new StructView(DIRTY_BITMAP_GET, bytes, state.order);
  const [iova, size] = [view.u64("iova"), view.u64("size")];
  // Unlike UNMAP, a range that ends exactly at 2^64 counts as wrapped here.
  if (BigInt.asUintN(64, iova + size) < iova) return -EINVAL;
  const place = DIRTY_BITMAP_GET.fields.bitmap;
  const inner = bytes.subarray(place.offset, place.offset + place.size);
  const bitmap = checkBitmap(new StructView(BITMAP, inner, state.order), size);
  if (typeof bitmap === "number") return bitmap;
  if (bitmap.pageSize !== BigInt(FRAME)) return -EINVAL;
  if (view.inFrame("iova") !== 0 || size === 0n || view.inFrame("size") !== 0) return -EINVAL;
  if (!state.dirtyTracking) return -EINVAL;
  return report(state, call, bitmap, { first: view.frames("iova"), frames: view.frames("size") });
}

function report(
  state: Type1State,
  call: IoctlCall,
  bitmap: BitmapRequest,
  range: { readonly first: number; readonly frames: number },
): number {
  const end = range.first + range.frames;
  const cut = state.mappings.overlapping(range.first, 1);
  if (cut !== undefined && cut.iova !== range.first) return -EINVAL;
  const last = state.mappings.overlapping(Math.min(end, ALL_FRAMES) - 1, 1);
  if (last !== undefined && last.iova + last.frames !== end) return -EINVAL;
  for (let index = state.mappings.firstEndingAfter(range.first); ; index += 1) {
    const mapping = state.mappings.at(index);
    if (mapping === undefined || mapping.iova >= end) return 0;
    if (!reportDirty(mapping, range.first, bitmap, call.process)) return -EFAULT;
    clearReported(mapping);
  }
}
