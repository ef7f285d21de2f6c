// Changing the memory behind live mappings: the VADDR flag of MAP and of UNMAP.
//
// type1.md 2.7. DMA goes on to the old pages throughout; the new address is not looked at.

import { EINVAL, ENOENT, ENOMEM } from "../../errno.ts";
import type { Process } from "../../process.ts";
import type { Mapping, MapRequest } from "./mapping-list.ts";
import type { Type1State } from "./state.ts";

/** MAP with VADDR alone: gives an invalidated mapping its new address. */
export function replaceVaddr(state: Type1State, request: MapRequest, process: Process): number {
  const mapping = state.mappings.overlapping(request.iova, request.frames);
  if (mapping === undefined) return -ENOENT;
  const exact = mapping.iova === request.iova && mapping.frames === request.frames;
  if (!mapping.vaddrInvalid || !exact) return -EINVAL;
  if (mapping.process !== process && !moveAccounting(mapping, process)) return -ENOMEM;
  mapping.vaddrPage = request.vaddrPage;
  mapping.vaddrInvalid = false;
  state.invalidVaddrs -= 1;
  return 0;
}

/** UNMAP with VADDR: the frames invalidated, or -EINVAL when one was already, and then none. */
export function invalidateVaddrs(state: Type1State, mappings: readonly Mapping[]): number {
  if (mappings.some((mapping) => mapping.vaddrInvalid)) return -EINVAL;
  let frames = 0;
  for (const mapping of mappings) {
    mapping.vaddrInvalid = true;
    state.invalidVaddrs += 1;
    frames += mapping.frames;
  }
  return frames;
}

/** The new owner pays for the mapping's locked pages, and the old one no longer. */
function moveAccounting(mapping: Mapping, process: Process): boolean {
  if (mapping.lockedPages > process.locked.room()) return false;
  process.locked.pages += mapping.lockedPages;
  mapping.process.locked.pages -= mapping.lockedPages;
  mapping.process = process;
  return true;
}
