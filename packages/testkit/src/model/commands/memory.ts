// Allocates memory, in small or huge pages, and gives it back: refused while a device may reach it.

import fc from "fast-check";
import { type CommandKind, command } from "../command.ts";
import { slot } from "../places.ts";
import type { World } from "../world.ts";

const MOST_MEMORIES = 4;
const HUGE = 2 * 1024 * 1024;

export const ALLOCATE: CommandKind = {
  name: "allocate",
  weight: 4,
  arbitrary: fc
    .record({
      pages: fc.integer({ min: 1, max: 24 }),
      size: fc.oneof(
        { weight: 9, arbitrary: fc.constant("small" as const) },
        { weight: 1, arbitrary: fc.constant("huge" as const) },
      ),
    })
    .map(({ pages, size }) =>
      command(
        size === "huge" ? "a huge page is allocated" : `${pages} pages are allocated`,
        (world) => allocate(world, pages, size),
      ),
    ),
};

export const FREE: CommandKind = {
  name: "free",
  weight: 4,
  arbitrary: slot().map((which) =>
    command(`buffer ${which} is given back`, (world) => free(world, which)),
  ),
};

function allocate(world: World, pages: number, size: "small" | "huge"): void {
  if (world.memories.length >= MOST_MEMORIES) return;
  const memory = world.perform(
    "allocate",
    () =>
      size === "huge"
        ? world.iommu.allocate(HUGE, { pageSize: HUGE })
        : world.iommu.allocate(pages * 4096),
    () => ({ refusals: [], elseLaw: "I39", everyCallDecides: true }),
  );
  if (memory !== undefined) world.adopt(memory);
}

function free(world: World, which: number): void {
  const live = world.memory(which);
  if (live === undefined) return;
  const used = world.model.uses(live.model);
  world.perform(
    "close memory",
    () => live.memory.close(),
    () => ({
      refusals: used ? [{ code: "memory-in-use", law: "I8" }] : [],
      elseLaw: "I39",
      everyCallDecides: true,
    }),
  );
  // The kernel takes the pages back whatever it reports; the library does not keep them either.
  if (!used) world.release(live);
}
