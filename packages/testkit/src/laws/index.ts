// @iommukit/testkit/laws: the numbered invariants as functions that throw, and when each is asked.

import type { World } from "../model/world.ts";
import {
  backingPinsBalance,
  lockedMemoryBalances,
  noAccessAfterFree,
  nothingIsLeft,
  pinsBalance,
} from "./accounting.ts";
import { devicesReachWhatIsMapped, sweepEverything } from "./isolation.ts";
import type { LawId } from "./law.ts";
import {
  descriptorsAreTheModel,
  groupsAreTheModel,
  invalidAddressesAreTheModel,
  kernelIsTheModel,
  ledgerIsTheModel,
  mappingsLieInOneWindow,
  windowsAreDisjoint,
} from "./ledger.ts";

export {
  backingPinsBalance,
  lockedMemoryBalances,
  noAccessAfterFree,
  nothingIsLeft,
  pinsBalance,
} from "./accounting.ts";
export {
  judge,
  nothingIsRefusedWithoutReason,
  oddAnswersAreErrors,
  onlyTypedErrors,
  refusalsMakeNoCall,
  refusedWhenItMust,
} from "./calls.ts";
export { bitsAreOfPages, writesAreTold } from "./dirty.ts";
export { devicesReachWhatIsMapped, probe, REQUESTERS, sweepEverything } from "./isolation.ts";
export { demand, LawBroken, type LawId } from "./law.ts";
export {
  descriptorsAreTheModel,
  groupsAreTheModel,
  invalidAddressesAreTheModel,
  kernelIsTheModel,
  ledgerIsTheModel,
  mappingsLieInOneWindow,
  windowsAreDisjoint,
} from "./ledger.ts";
export { closedInOrder, runsAlike } from "./life.ts";
export { type ByteRange, type KernelCall, type Members, mayRunBeside } from "./overlap.ts";
export { layoutRoundTrips, parserIsTotal } from "./parsers.ts";

/** A law that looks at a whole world. */
export type WorldLaw = (world: World) => void;

/** Asked after every step. Cheap: a history has millions of them. */
export const STEP_LAWS: readonly WorldLaw[] = [
  ledgerIsTheModel,
  kernelIsTheModel,
  invalidAddressesAreTheModel,
  groupsAreTheModel,
  descriptorsAreTheModel,
  windowsAreDisjoint,
  mappingsLieInOneWindow,
  pinsBalance,
  lockedMemoryBalances,
  devicesReachWhatIsMapped,
  noAccessAfterFree,
];

/** Asked at the end of a history, before everything is closed. */
export const END_LAWS: readonly WorldLaw[] = [
  backingPinsBalance,
  sweepEverything,
  noAccessAfterFree,
];

/** Asked when everything was closed. */
export const LEAK_LAWS: readonly WorldLaw[] = [nothingIsLeft];

/** One sentence for each invariant, and who asks it: the table of what is held where. */
export const LAW_TABLE: Readonly<Record<LawId, readonly [statement: string, where: string]>> = {
  I1: ["no device reaches a byte that is not mapped for it", "histories: probes after each step"],
  I2: ["no mapping has a hole", "histories: probes after each step"],
  I3: ["what was unmapped is not reached again", "histories: probes of every page ever named"],
  I4: ["permissions hold for reads and for writes", "histories: probes after each step"],
  I5: ["nothing wider than asked is reached", "histories: probes around every edge, rogue sweeps"],
  I6: ["a group's devices see only its own container", "histories: probes of all requesters"],
  I7: ["no window meets a reserved range", "histories: windows after each step"],
  I8: ["memory is not given back while a device may reach it", "histories: free, stray accesses"],
  I10: ["windows are disjoint", "histories: windows after each step"],
  I11: ["each mapping lies in one window", "histories: after each step; refusals of map and unmap"],
  I13: ["addresses and sizes are whole pages", "histories: after each step; skewed maps"],
  I14: ["values that are no addresses are refused without a call", "histories: illegal calls"],
  I16: ["a failed call changes nothing", "histories: every law after every failed step; sweep"],
  I17: ["a failed unmap leaves what it says", "histories: unmap in every relation; sweep"],
  I18: ["ledger, kernel and model say the same", "histories: after each step; sweep"],
  I19: ["the bytes unmapped are those that were mapped", "histories: unmapAll"],
  I20: ["only the documented answer is success", "histories: odd answers; sweep"],
  I21: ["pins are those of the mappings, and none at the end", "histories; sweep"],
  I22: ["locked memory is that of the mappings", "histories; sweep"],
  I23: ["no count is negative", "histories"],
  I24: ["each descriptor is closed once, and none is left", "histories: every close; sweep"],
  I25: ["things close in order", "histories: every close of a container"],
  I26: ["a closed object refuses everything and makes no call", "histories: late calls"],
  I30: ["overlap is refused without a call", "histories: map in every relation"],
  I31: ["no dirty page is lost", "histories: dirty commands"],
  I32: ["a failed query reports its range as unknown", "histories: dirty commands with faults"],
  I33: ["a dirty bit is its page's", "histories: dirty commands"],
  I34: ["unmap with a bitmap has every write before it", "histories: dirty commands"],
  I35: ["parsers end, stay inside their bytes, and throw typed errors only", "fuzz; sweep"],
  I38: ["no crash, no endless loop", "histories; sweep; fuzz"],
  I39: ["a limit is an error with its name, and passes", "histories on machines with small limits"],
  I40: ["the same history makes the same calls", "histories: some are run twice"],
  I41: [
    "overlapping calls have the results of some order, and none takes the ground from another",
    "histories: meanwhile; every call that is made while another is in the kernel",
  ],
  I43: ["structs read back as they were written", "layout round trips"],
};
