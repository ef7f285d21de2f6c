// The laws of what is counted: pins, locked memory, descriptors, page tables, freed frames.

import type { World } from "../model/world.ts";
import { demand } from "./law.ts";

const PAGE = 4096;

/** I21: exactly the pages of live mappings are pinned. */
export function pinsBalance(world: World): void {
  const pinned = world.host.inspect.pinnedPages();
  const due = world.model.lockedPages;
  demand("I21", pinned === due, () => `${pinned} pages are pinned, ${due} are mapped`);
}

/** I21: each allocation has the pins of the mappings that stand on it, also after a failed call. */
export function backingPinsBalance(world: World): void {
  for (const { backing, firstPage, pages } of world.host.process.memory.areas) {
    demand("I23", backing.pins >= 0, () => `an area has ${backing.pins} pins`);
    let due = 0;
    for (const { model } of world.containers)
      for (const mapping of model.mappings) {
        const from = Math.max(firstPage, mapping.hostPage);
        const to = Math.min(firstPage + pages, mapping.hostPage + mapping.pages);
        if (to > from) due += to - from;
      }
    demand("I21", backing.pins === due, () => `an area has ${backing.pins} pins, ${due} are due`);
  }
}

/** I22, I23: VmLck is what the mappings cost, and never negative. */
export function lockedMemoryBalances(world: World): void {
  const locked = world.host.inspect.lockedBytes();
  demand("I23", locked >= 0, () => `${locked} bytes are locked`);
  const due = world.model.lockedPages * PAGE;
  demand("I22", locked === due, () => `${locked} bytes are locked, ${due} are due`);
}

/** I8: no device met memory that was given back. */
export function noAccessAfterFree(world: World): void {
  const strays = world.host.inspect.strayAccesses();
  const [first] = strays;
  demand("I8", first === undefined, () => {
    return `${strays.length} accesses met memory that is gone, the first a ${first?.access}`;
  });
}

/** I21 to I24: when everything was closed, everything is as before the first call. */
export function nothingIsLeft(world: World): void {
  const { inspect, memory } = world.host;
  const open = inspect.openDescriptors().length;
  demand("I24", open === world.baseline.descriptors, () => `${open} descriptors are left open`);
  demand("I21", inspect.pinnedPages() === 0, () => `${inspect.pinnedPages()} pages left pinned`);
  demand("I22", inspect.lockedBytes() === 0, () => `${inspect.lockedBytes()} bytes left locked`);
  demand("I21", memory.liveAllocations === world.baseline.allocations, () => {
    return `${memory.liveAllocations - world.baseline.allocations} allocations outlive their end`;
  });
  const tables = inspect.tableFrames();
  demand("I21", tables === world.baseline.tables, () => {
    return `${tables} frames of tables are in use, ${world.baseline.tables} at the start`;
  });
  demand("I38", inspect.misuses().length === 0, () => "a transfer would have ended the machine");
}
