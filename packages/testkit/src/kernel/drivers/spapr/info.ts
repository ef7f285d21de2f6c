// VFIO_IOMMU_SPAPR_TCE_GET_INFO: the 32-bit window, and what dynamic windows there can be.

import { DDW_INFO, SPAPR_INFO } from "../../decode/spapr.ts";
import { StructView } from "../../decode/struct-view.ts";
import { EFAULT, EINVAL, ENXIO } from "../../errno.ts";
import type { IoctlCall } from "../../open-file.ts";
import { copyStruct } from "../../user-copy.ts";
import type { SpaprState } from "./state.ts";
import { INFO_MINIMUM } from "./windows.ts";

const FLAG_DDW = 1;

export function getInfo(state: SpaprState, call: IoctlCall): number {
  const { first } = state;
  if (first === undefined) return -ENXIO;
  const copied = copyStruct(call.argument, SPAPR_INFO, state.facts.order, INFO_MINIMUM);
  if (copied === undefined) return -EFAULT;
  const { view, bytes } = copied;
  const argsz = view.u32("argsz");
  if (argsz < INFO_MINIMUM) return -EINVAL;
  view.setU32("flags", state.version === 2 ? FLAG_DDW : 0);
  view.setU32("dma32_window_start", first.tce32Start);
  view.setU32("dma32_window_size", first.tce32Size);
  if (state.version === 2) {
    const ddw = new StructView(DDW_INFO, bytes.subarray(INFO_MINIMUM), state.facts.order);
    ddw.setU64("pgsizes", first.pageSizes);
    ddw.setU32("max_dynamic_windows_supported", first.maxWindows);
    ddw.setU32("levels", first.maxLevels);
  }
  const length = argsz >= SPAPR_INFO.size ? SPAPR_INFO.size : INFO_MINIMUM;
  return call.argument.write(0, bytes.subarray(0, length)) ? 0 : -EFAULT;
}
