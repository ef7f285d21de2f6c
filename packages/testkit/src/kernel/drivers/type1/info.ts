// VFIO_IOMMU_GET_INFO: page sizes and the chain of three capabilities (type1.md 2.2, 0.6, 0.7).
//
// Exactly min(argsz, 24) bytes of the head are written; the chain only if all of it fits.

import { type StructTable, StructView } from "../../decode/struct-view.ts";
import {
  CAP_DMA_AVAIL,
  CAP_HEADER,
  CAP_IOVA_RANGE,
  CAP_MIGRATION,
  IOVA_RANGE,
  TYPE1_INFO,
} from "../../decode/type1.ts";
import { EFAULT, EINVAL } from "../../errno.ts";
import type { IoctlCall } from "../../open-file.ts";
import { copyStruct } from "../../user-copy.ts";
import { FRAME, type Type1State } from "./state.ts";

const INFO_PGSIZES = 1;
const INFO_CAPS = 2;
/** The first ABI's struct ended before `cap_offset`. */
const MINIMUM = 16;
const CAP_ID_IOVA_RANGE = 1;
const CAP_ID_MIGRATION = 2;
const CAP_ID_DMA_AVAIL = 3;
const MAX_DIRTY_BITMAP = 0x1000_0000n;

export function getInfo(state: Type1State, call: IoctlCall): number {
  const copied = copyStruct(call.argument, TYPE1_INFO, state.order, MINIMUM);
  if (copied === undefined) return -EFAULT;
  const { view, bytes } = copied;
  const argsz = view.u32("argsz");
  if (argsz < MINIMUM) return -EINVAL;
  const chain = buildChain(state);
  view.setU32("flags", INFO_PGSIZES | INFO_CAPS);
  view.setU64("iova_pgsizes", state.pageSizes);
  const needed = TYPE1_INFO.size + chain.length;
  if (argsz < needed) view.setU32("argsz", needed);
  else if (!call.argument.write(TYPE1_INFO.size, chain)) return -EFAULT;
  else view.setU32("cap_offset", TYPE1_INFO.size);
  const head = bytes.subarray(0, Math.min(argsz, TYPE1_INFO.size));
  return call.argument.write(0, head) ? 0 : -EFAULT;
}

/** The capabilities one after the other, `next` counted from the start of the whole buffer. */
function buildChain(state: Type1State): Uint8Array {
  const parts = [migration(state), dmaAvail(state)];
  if (state.ranges.length > 0) parts.push(iovaRanges(state));
  const chain = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    const next = isLast ? 0 : TYPE1_INFO.size + at + part.length;
    new StructView(CAP_HEADER, part, state.order).setU32("next", next);
    chain.set(part, at);
    at += part.length;
  }
  return chain;
}

function migration(state: Type1State): Uint8Array {
  const { bytes, view } = capability(state, CAP_MIGRATION, CAP_ID_MIGRATION, CAP_MIGRATION.size);
  view.setU64("pgsize_bitmap", BigInt(FRAME));
  view.setU64("max_dirty_bitmap_size", MAX_DIRTY_BITMAP);
  return bytes;
}

function dmaAvail(state: Type1State): Uint8Array {
  const { bytes, view } = capability(state, CAP_DMA_AVAIL, CAP_ID_DMA_AVAIL, CAP_DMA_AVAIL.size);
  view.setU32("avail", state.available);
  return bytes;
}

function iovaRanges(state: Type1State): Uint8Array {
  const size = CAP_IOVA_RANGE.size + state.ranges.length * IOVA_RANGE.size;
  const { bytes, view } = capability(state, CAP_IOVA_RANGE, CAP_ID_IOVA_RANGE, size);
  view.setU32("nr_iovas", state.ranges.length);
  for (const [index, range] of state.ranges.entries()) {
    const place = CAP_IOVA_RANGE.size + index * IOVA_RANGE.size;
    const entry = new StructView(IOVA_RANGE, bytes.subarray(place), state.order);
    entry.setU64("start", BigInt(range.first) * BigInt(FRAME));
    entry.setU64("end", (BigInt(range.last) + 1n) * BigInt(FRAME) - 1n);
  }
  return bytes;
}

/** A capability of a kind, version 1, padded to eight bytes. */
function capability<F extends string>(
  state: Type1State,
  table: StructTable<F>,
  id: number,
  size: number,
): { readonly bytes: Uint8Array; readonly view: StructView<F> } {
  const bytes = new Uint8Array(Math.ceil(size / 8) * 8);
  const header = new StructView(CAP_HEADER, bytes, state.order);
  header.setU16("id", id);
  header.setU16("version", 1);
  return { bytes, view: new StructView(table, bytes, state.order) };
}
