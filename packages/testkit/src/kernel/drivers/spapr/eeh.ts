// VFIO_EEH_PE_OP: error handling of the PEs of a container, newest group first.
//
// drivers/vfio/vfio_spapr_eeh.c of Linux 6.12. The first answer that is not 0 ends the walk, a state as
// much as an error.

import { EEH_ERROR, EEH_OP } from "../../decode/spapr.ts";
import { StructView } from "../../decode/struct-view.ts";
import { EFAULT, EINVAL, ENODEV } from "../../errno.ts";
import type { EehPe } from "../../iommu/eeh.ts";
import type { IoctlCall } from "../../open-file.ts";
import { copyStruct } from "../../user-copy.ts";
import type { SpaprState } from "./state.ts";

/** Bytes through `op`. */
const MINIMUM = 12;
const LAST_FUNCTION = 19;
const INJECT = 9;

const OPERATIONS: readonly ((pe: EehPe) => number)[] = [
  (pe) => pe.option("disable"),
  (pe) => pe.option("enable"),
  (pe) => pe.option("thaw-io"),
  (pe) => pe.option("thaw-dma"),
  (pe) => pe.state(),
  (pe) => pe.reset("deactivate"),
  (pe) => pe.reset("hot"),
  (pe) => pe.reset("fundamental"),
  (pe) => pe.configure(),
];

export function eehOp(state: SpaprState, call: IoctlCall): number {
  for (const { table } of state.groups) {
    if (table.eeh === null) return -ENODEV;
    const answer = operate(table.eeh, state, call);
    if (answer !== 0) return answer;
  }
  return 0;
}

function operate(pe: EehPe, state: SpaprState, call: IoctlCall): number {
  const copied = copyStruct(call.argument, EEH_OP, state.facts.order, MINIMUM);
  if (copied === undefined) return -EFAULT;
  const { view } = copied;
  if (view.u32("argsz") < MINIMUM || view.u32("flags") !== 0) return -EINVAL;
  const op = view.u32("op");
  if (op === INJECT) return inject(pe, state, call, view.u32("argsz"));
  return OPERATIONS[op]?.(pe) ?? -EINVAL;
}

function inject(pe: EehPe, state: SpaprState, call: IoctlCall, argsz: number): number {
  if (argsz < EEH_OP.size) return -EINVAL;
  const copied = copyStruct(call.argument, EEH_OP, state.facts.order);
  if (copied === undefined) return -EFAULT;
  const bytes = copied.bytes.subarray(EEH_OP.fields.err.offset);
  const error = new StructView(EEH_ERROR, bytes, state.facts.order);
  const func = error.s32("func");
  if (func < 0 || func > LAST_FUNCTION) return -EINVAL;
  const [address, mask] = [error.u64("addr"), error.u64("mask")];
  return pe.inject({ type: error.u32("type"), func, address, mask });
}
