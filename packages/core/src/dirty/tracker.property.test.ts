// Histories of writes, maps, unmaps, queries and faults: each page written is reported in the end (DT1).

import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { at, type Fault, PAGE, pagesOf, query, World } from "../../test/scripted-kernel.ts";
import { bytes } from "../address/address.ts";
import type { DirtyBitmap } from "../contract/dirty.ts";
import { IommuError } from "../errors/base.ts";
import { dirtyExtents } from "./read-bitmap.ts";

describe("rule DT1 over histories", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("write"), page: fc.nat(47), count: fc.constant(1) }),
    fc.record({
      kind: fc.constant("map"),
      page: fc.nat(40),
      count: fc.integer({ min: 1, max: 6 }),
    }),
    fc.record({ kind: fc.constant("unmap"), page: fc.nat(47), count: fc.constant(1) }),
    fc.record({
      kind: fc.constant("query"),
      page: fc.nat(40),
      count: fc.integer({ min: 1, max: 48 }),
    }),
    fc.record({
      kind: fc.constant("take"),
      page: fc.nat(40),
      count: fc.integer({ min: 1, max: 20 }),
    }),
  );
  const fault = fc.option(fc.constantFrom<Fault>("before", "after", 0, 1, 2), {
    nil: undefined,
    freq: 2,
  });
  const maxBitmapBytes = fc.constantFrom(8, 16, 1 << 20);

  test.prop([fc.array(fc.tuple(step, fault), { maxLength: 60 }), maxBitmapBytes])(
    "every page written is reported, ledger and kernel agree after each step",
    (history, limit) => {
      const world = new World({ maxBitmapBytes: limit });
      world.tracker.start();
      const owed = new Set<number>();
      const settle = (bitmap: DirtyBitmap): void => {
        for (const page of pagesOf(dirtyExtents(bitmap))) owed.delete(page);
        for (const page of pagesOf(bitmap.unknown)) owed.delete(page);
      };
      for (const [{ kind, page, count }, goesWrong] of history) {
        world.fault = goesWrong;
        try {
          if (kind === "write" && world.write(page)) owed.add(page);
          if (kind === "map" && free(world, page, count)) world.map(page, count);
          if (kind === "unmap") plainUnmap(world, page);
          if (kind === "query") settle(query(world, page, count));
          if (kind === "take") settle(world.tracker.unmap(at(page), bytes(count * PAGE)));
        } catch (error) {
          if (!(error instanceof IommuError)) throw error;
        }
        expect(world.ledger.mappings().map(({ iova: where }) => Number(where) / PAGE)).toEqual(
          world.held.map(({ first }) => first),
        );
      }
      world.fault = undefined;
      const { bitmaps, unknown } = world.tracker.stop();
      for (const bitmap of bitmaps) settle(bitmap);
      for (const page of pagesOf(unknown)) owed.delete(page);
      expect([...owed]).toEqual([]);
    },
  );
});

function free(world: World, page: number, count: number): boolean {
  return world.held.every(({ first, pages }) => first + pages <= page || page + count <= first);
}

function plainUnmap(world: World, page: number): void {
  const index = world.held.findIndex(({ first, pages }) => first <= page && page < first + pages);
  const [held] = index < 0 ? [] : world.held.splice(index, 1);
  if (held === undefined) return;
  world.ledger.removeAll(world.ledger.admitUnmap(at(held.first), bytes(held.pages * PAGE)));
}
