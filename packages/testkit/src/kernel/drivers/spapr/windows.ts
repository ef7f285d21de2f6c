// Windows of a container: the default one, which waits for its first use, and those that are asked for.
//
// TCE_CREATE and TCE_REMOVE of drivers/vfio/vfio_iommu_spapr_tce.c (Linux 6.12), check by check. A
// table that fails after it was counted stays counted for the life of the process: the kernel's leak.

import { SPAPR_INFO, TCE_CREATE, TCE_REMOVE } from "../../decode/spapr.ts";
import { EFAULT, EINVAL, ENODEV, ENOSPC, ENXIO, EPERM } from "../../errno.ts";
import type { TableGroup } from "../../iommu/table-group.ts";
import type { TceTable } from "../../iommu/tce-table.ts";
import type { IoctlCall } from "../../open-file.ts";
import type { Process } from "../../process.ts";
import { SimulatedCrash } from "../../simulated-crash.ts";
import { copyStruct } from "../../user-copy.ts";
import { charge, giveBack } from "./charge.ts";
import { clearEntries } from "./clear.ts";
import type { SpaprState } from "./state.ts";

const SHIFT_4K = 12;

interface WindowRequest {
  readonly pageShift: number;
  readonly size: bigint;
  readonly levels: number;
}

/** Remembers who does the accounting: 0, or -EPERM for anybody else. Before all other checks. */
export function claimAccounting(state: SpaprState, process: Process): number {
  if (state.owner !== undefined && state.owner !== process) return -EPERM;
  state.owner = process;
  return 0;
}

export function createWindow(state: SpaprState, call: IoctlCall): number {
  const claimed = claimAccounting(state, call.process);
  if (claimed !== 0) return claimed;
  if (state.first === undefined) return -ENXIO;
  const copied = copyStruct(call.argument, TCE_CREATE, state.facts.order);
  if (copied === undefined) return -EFAULT;
  const { view, bytes } = copied;
  if (view.u32("argsz") < TCE_CREATE.size || view.u32("flags") !== 0) return -EINVAL;
  const pending = makeDefaultWindow(state);
  if (pending !== 0) return pending;
  const made = makeWindow(state, {
    pageShift: view.u32("page_shift"),
    size: view.u64("window_size"),
    levels: view.u32("levels"),
  });
  if (typeof made === "number") return made;
  view.setU64("start_addr", startOf(made));
  return call.argument.write(0, bytes) ? 0 : -EFAULT;
}

export function removeWindow(state: SpaprState, call: IoctlCall): number {
  const claimed = claimAccounting(state, call.process);
  if (claimed !== 0) return claimed;
  if (state.first === undefined) return -ENXIO;
  const copied = copyStruct(call.argument, TCE_REMOVE, state.facts.order);
  if (copied === undefined) return -EFAULT;
  const { view } = copied;
  if (view.u32("argsz") < TCE_REMOVE.size || view.u32("flags") !== 0) return -EINVAL;
  if (state.defaultPending && view.u64("start_addr") === 0n) {
    state.defaultPending = false;
    return 0;
  }
  const slot = state.slotOf(view.frames("start_addr"));
  if (slot < 0) return -EINVAL;
  dropWindow(state, slot);
  return 0;
}

/** The 32-bit window, if it still waits: 0 or -errno, and then it goes on waiting. */
export function makeDefaultWindow(state: SpaprState): number {
  if (!state.defaultPending) return 0;
  const { first } = state;
  if (first === undefined) return -ENODEV;
  const size = BigInt(first.tce32Size);
  const made = makeWindow(state, { pageShift: SHIFT_4K, size, levels: 1 });
  if (typeof made === "number") return made;
  state.defaultPending = false;
  return 0;
}

/** Clears a window and takes it from every group. */
export function dropWindow(state: SpaprState, slot: number): void {
  const table = state.tables[slot];
  if (table === undefined) return;
  for (const { table: group } of state.groups) group.unsetWindow(slot, table);
  clearEntries(state, table, table.offset, table.size);
  freeTable(state, table);
  state.tables[slot] = undefined;
}

function freeTable(state: SpaprState, table: TceTable): void {
  const { chargedBytes } = table;
  table.free();
  if (state.owner !== undefined) giveBack(state.owner, chargedBytes, state.facts.hostShift);
}

function makeWindow(state: SpaprState, request: WindowRequest): TceTable | number {
  const slot = state.tables.indexOf(undefined);
  const { first, owner } = state;
  if (slot < 0) return -ENOSPC;
  if (first === undefined || owner === undefined) return -ENODEV;
  if (request.pageShift >= 64)
    throw new SimulatedCrash(`1 << ${request.pageShift} is undefined in C`);
  if ((first.pageSizes & (1n << BigInt(request.pageShift))) === 0n) return -EINVAL;
  const table = makeTable(state, first, owner, { slot, ...request });
  if (typeof table === "number") return table;
  const refused = setEverywhere(state, slot, table);
  if (refused === 0) state.tables[slot] = table;
  return refused === 0 ? table : refused;
}

function makeTable(
  state: SpaprState,
  group: TableGroup,
  owner: Process,
  { slot, pageShift, size, levels }: WindowRequest & { readonly slot: number },
): TceTable | number {
  const bytes = group.tableBytes(pageShift, size, levels);
  if (bytes === 0) return -EINVAL;
  const charged = charge(owner, bytes, state.facts.hostShift);
  if (charged !== 0) return charged;
  return group.createTable(slot, pageShift, size, levels);
}

function setEverywhere(state: SpaprState, slot: number, table: TceTable): number {
  for (const { table: group } of state.groups) {
    const answer = group.setWindow(slot, table);
    if (answer === 0) continue;
    for (const { table: each } of state.groups) each.unsetWindow(slot, table);
    freeTable(state, table);
    return answer;
  }
  return 0;
}

function startOf(table: TceTable): bigint {
  return BigInt(table.offset) << BigInt(table.pageShift);
}

/** `argsz` of a caller that does not know of dynamic windows. */
export const INFO_MINIMUM: number = SPAPR_INFO.fields.ddw.offset;
