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

/** I21: each allocation has the pins of the pages that devices reach in it, also after a failed call. */
export function backingPinsBalance(world: World): void {
  const due = pinsDue(world);
  for (const { backing, firstPage } of world.host.process.memory.areas) {
    demand("I23", backing.pins >= 0, () => `an area has ${backing.pins} pins`);
    const wanted = due.get(firstPage) ?? 0;
    demand("I21", backing.pins === wanted, () => {
      return `an area has ${backing.pins} pins, ${wanted} are due`;
    });
  }
}

/** By the first page of each allocation that the program still has. */
function pinsDue(world: World): ReadonlyMap<number, number> {
  const due = new Map<number, number>();
  if (world.model.pinning === "registrations") return registeredPins(world);
  for (const { model } of world.containers)
    for (const { memory } of model.pages.values())
      if (memory !== undefined && world.model.memories.includes(memory))
        due.set(memory.first, (due.get(memory.first) ?? 0) + 1);
  return due;
}

/** Registered pages by the first page of each allocation. */
function registeredPins(world: World): ReadonlyMap<number, number> {
  const due = new Map<number, number>();
  for (const { firstPage, pages } of world.host.process.memory.areas)
    for (const each of world.model.registrations) {
      const from = Math.max(firstPage, each.first);
      const to = Math.min(firstPage + pages, each.first + each.pages);
      if (to > from) due.set(firstPage, (due.get(firstPage) ?? 0) + to - from);
    }
  return due;
}

/** I22, I23: VmLck is what mappings, or registrations and windows, cost, and never negative. */
export function lockedMemoryBalances(world: World): void {
  const locked = world.host.inspect.lockedBytes();
  demand("I23", locked >= 0, () => `${locked} bytes are locked`);
  const windows = world.containers.filter(({ model }) => model.windowMade).length;
  const due = world.model.lockedPages * PAGE + windows * (world.machine.windowCharge ?? 0);
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
