// ENABLE and DISABLE of version 1: the whole 32-bit window is counted as locked, once.

import { EBUSY, ENODEV, EPERM } from "../../errno.ts";
import type { Process } from "../../process.ts";
import { charge, giveBack } from "./charge.ts";
import type { SpaprState } from "./state.ts";
import { claimAccounting } from "./windows.ts";

export function enable(state: SpaprState, process: Process): number {
  if (state.enabled) return -EBUSY;
  const { first } = state;
  if (first === undefined) return -ENODEV;
  if (first.tce32Size === 0) return -EPERM;
  const claimed = claimAccounting(state, process);
  if (claimed !== 0) return claimed;
  const charged = charge(process, first.tce32Size, state.facts.hostShift);
  if (charged !== 0) return charged;
  state.enabledBytes = first.tce32Size;
  state.enabled = true;
  return 0;
}

/** Mappings and the table stay; they cannot be reached until the next ENABLE. */
export function disable(state: SpaprState): void {
  if (!state.enabled) return;
  state.enabled = false;
  if (state.owner !== undefined) giveBack(state.owner, state.enabledBytes, state.facts.hostShift);
  state.enabledBytes = 0;
}
