// REGISTER_MEMORY and UNREGISTER_MEMORY of version 2.

import { REGISTER_MEMORY } from "../../decode/spapr.ts";
import { EBUSY, EFAULT, EINVAL, ENOENT, EPERM } from "../../errno.ts";
import type { IoctlCall } from "../../open-file.ts";
import { copyStruct } from "../../user-copy.ts";
import type { SpaprState } from "./state.ts";
import { claimAccounting } from "./windows.ts";

/** 2^64 bytes in pages of 4 KiB. */
const ALL_PAGES: number = 2 ** 52;

interface Range {
  readonly firstPage: number;
  readonly pages: number;
}

export function registerMemory(state: SpaprState, call: IoctlCall): number {
  const claimed = claimAccounting(state, call.process);
  if (claimed !== 0) return claimed;
  const range = readRange(state, call);
  if (typeof range === "number") return range;
  const { firstPage, pages } = range;
  if (firstPage + pages >= ALL_PAGES) return -EINVAL;
  const regions = state.facts.regionsOf(call.process);
  const existing = regions.exact(firstPage, pages);
  if (existing !== undefined && state.listed.includes(existing)) return -EBUSY;
  if (existing !== undefined) existing.used += 1;
  const region = existing ?? regions.create(firstPage, pages);
  if (typeof region === "number") return region;
  state.listed.unshift(region);
  state.enabled = true;
  return 0;
}

/** The last put comes after the answer is known: a region that is still mapped becomes an orphan. */
export function unregisterMemory(state: SpaprState, call: IoctlCall): number {
  if (state.owner === undefined) return -EPERM;
  const range = readRange(state, call);
  if (typeof range === "number") return range;
  const regions = state.facts.regionsOf(state.owner);
  const region = regions.exact(range.firstPage, range.pages);
  if (region === undefined) return -ENOENT;
  const listed = state.listed.indexOf(region);
  if (listed < 0) return -ENOENT;
  state.listed.splice(listed, 1);
  regions.put(region);
  return 0;
}

/** What both take, in whole kernel pages. */
function readRange(state: SpaprState, call: IoctlCall): Range | number {
  const copied = copyStruct(call.argument, REGISTER_MEMORY, state.facts.order);
  if (copied === undefined) return -EFAULT;
  const { view } = copied;
  if (view.u32("argsz") < REGISTER_MEMORY.size || view.u32("flags") !== 0) return -EINVAL;
  const unit = 2 ** (state.facts.hostShift - 12);
  const [firstPage, pages] = [view.frames("vaddr"), view.frames("size")];
  const rest = view.inFrame("vaddr") | view.inFrame("size");
  if (rest !== 0 || firstPage % unit !== 0 || pages % unit !== 0) return -EINVAL;
  return { firstPage, pages };
}
