// VFIO_IOMMU_UNMAP_DMA of the sPAPR driver: no flags, and nothing is written back.

import { SPAPR_UNMAP_DMA } from "../../decode/spapr.ts";
import { DMA_UNMAP } from "../../decode/type1.ts";
import { EFAULT, EINVAL, ENXIO, EPERM } from "../../errno.ts";
import type { IoctlCall } from "../../open-file.ts";
import { copyStruct } from "../../user-copy.ts";
import { clearEntries } from "./clear.ts";
import { requireInside } from "./map.ts";
import type { SpaprState } from "./state.ts";
import { makeDefaultWindow } from "./windows.ts";

const UNALIGNED = 1;

export function unmapDma(state: SpaprState, call: IoctlCall): number {
  if (!state.enabled) return -EPERM;
  const copied = copyStruct(call.argument, DMA_UNMAP, state.facts.order);
  if (copied === undefined) return -EFAULT;
  const { view } = copied;
  if (view.u32("argsz") < DMA_UNMAP.size || view.u32("flags") !== 0) return -EINVAL;
  const pending = makeDefaultWindow(state);
  if (pending !== 0) return pending;
  const table = state.tables[state.slotOf(view.frames("iova"))];
  if (table === undefined) return -ENXIO;
  const frames = 2 ** (table.pageShift - 12);
  const size = view.frames("size");
  if (view.inFrame("size") !== 0 || size % frames !== 0) return -EINVAL;
  const iova = view.frames("iova");
  if (view.inFrame("iova") !== 0 || iova % frames !== 0) return UNALIGNED;
  requireInside(table, iova / frames, size / frames, SPAPR_UNMAP_DMA);
  clearEntries(state, table, iova / frames, size / frames);
  return 0;
}
