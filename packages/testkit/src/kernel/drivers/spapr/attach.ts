// A group joins or leaves a container of the sPAPR driver.
//
// A group that joins gets every window there is; one that leaves clears all TCEs of all windows, which
// the other groups still use (Linux 6.12: tce_iommu_release_ownership).

import { EBUSY, EINVAL, ENODEV, EPERM } from "../../errno.ts";
import type { TableGroup } from "../../iommu/table-group.ts";
import type { IommuGroup } from "../../iommu-group.ts";
import { clearEntries } from "./clear.ts";
import { disable } from "./enable.ts";
import type { SpaprState } from "./state.ts";
import { dropWindow } from "./windows.ts";

export function attachGroup(state: SpaprState, group: IommuGroup): number {
  const table = state.facts.tableGroup(group);
  if (table === undefined) return -ENODEV;
  if (state.version === 2 && table.maxWindows === 0) return -EINVAL;
  if (state.version === 1 && state.groups.length > 0) return -EBUSY;
  for (const other of state.groups) {
    if (other.group === group) return -EBUSY;
    if (other.table.platform !== table.platform) return -EPERM;
  }
  const refused = setWindows(state, table);
  if (refused !== 0) return refused;
  if (state.groups.length === 0) state.defaultPending = true;
  state.groups.unshift({ group, table });
  return 0;
}

export function detachGroup(state: SpaprState, group: IommuGroup): void {
  const index = state.groups.findIndex((each) => each.group === group);
  const leaving = state.groups[index];
  if (leaving === undefined) return;
  for (const [slot, table] of state.tables.entries())
    if (table !== undefined) {
      clearEntries(state, table, table.offset, table.size);
      leaving.table.unsetWindow(slot, table);
    }
  state.groups.splice(index, 1);
  if (state.groups.length === 0) release(state);
}

/** Every window of the container becomes one of the group's; all are taken back if one is refused. */
function setWindows(state: SpaprState, group: TableGroup): number {
  for (const [slot, table] of state.tables.entries()) {
    const answer = table === undefined ? 0 : group.setWindow(slot, table);
    if (answer === 0) continue;
    for (const [each, set] of state.tables.entries()) group.unsetWindow(each, set);
    return answer;
  }
  return 0;
}

/** The last group has gone: the session ends, and gives back what it counted. */
function release(state: SpaprState): void {
  for (let slot = 0; slot < state.tables.length; slot++) dropWindow(state, slot);
  const { regions } = state;
  for (const region of state.listed.splice(0)) regions?.put(region);
  disable(state);
  state.owner = undefined;
}
