// Dirty tracking over a scripted kernel that loses, clears and removes at every point: no page is lost.

import { describe, expect, test } from "vitest";
import {
  at,
  type Fault,
  PAGE,
  pagesOf,
  query,
  started,
  thrown,
  WINDOW,
  World,
} from "../../test/scripted-kernel.ts";
import { bytes, iova } from "../address/address.ts";
import type { DirtyBitmap } from "../contract/dirty.ts";
import { dirtyExtents } from "./read-bitmap.ts";
import { createDirtyTracking } from "./tracker.ts";

describe("query", () => {
  test("default: written pages once, stale bits dropped, the buffer zeroed each time", () => {
    const world = started();
    world.write(2);
    world.write(7);
    expect(pagesOf(dirtyExtents(query(world, 0, 16)))).toEqual([2, 7]);
    expect(pagesOf(dirtyExtents(query(world, 0, 16)))).toEqual([]);
    expect(world.memories).toHaveLength(1);
  });

  test("default: words of a big-endian kernel", () => {
    const world = started({ bigEndian: true });
    world.write(3);
    expect(pagesOf(dirtyExtents(query(world, 0, 100)))).toEqual([3]);
  });

  test("behavior: cut into calls by the kernel's limit, one larger mapping a call of its own", () => {
    const world = new World({ maxBitmapBytes: 8 });
    for (const [first, pages] of [
      [0, 1],
      [60, 4],
      [64, 64],
      [200, 2],
    ] as const)
      world.map(first, pages);
    world.tracker.start();
    for (const page of [0, 63, 127, 201]) world.write(page);
    expect(pagesOf(dirtyExtents(query(world, 0, 300)))).toEqual([0, 63, 127, 201]);
    expect(world.calls).toEqual(["start", "query 0+64", "query 64+64", "query 200+2"]);
  });

  test.each<Fault>(["before", 0, 1, "after"])(
    "rule DT1: a query that fails at %s leaves the range unknown until it is reported",
    (fault) => {
      const world = started();
      world.write(2);
      world.fault = fault;
      const error = thrown(() => query(world, 0, 16));
      expect(error).toMatchObject({
        code: "kernel-misbehaved",
        facts: { unknownIova: 0n, unknownSize: 65536n },
      });
      world.fault = undefined;
      expect(pagesOf(dirtyExtents(query(world, 6, 2)))).toEqual([6, 7]);
      const rest = query(world, 0, 16);
      expect(pagesOf(dirtyExtents(rest))).toEqual([1, 2, 3]);
      expect(rest.unknown).toEqual([
        { iova: 0n, size: 24576n },
        { iova: 32768n, size: 32768n },
      ]);
      expect(query(world, 0, 16).unknown).toEqual([]);
    },
  );

  test("error: no memory for the bitmap is told before a bit moves", () => {
    const world = started();
    world.write(2);
    world.mapMemoryAnswers = -12;
    expect(thrown(() => query(world, 0, 16)).code).toBe("out-of-memory");
    expect(world.calls).toEqual(["start"]);
    world.mapMemoryAnswers = undefined;
    expect(pagesOf(dirtyExtents(query(world, 0, 16)))).toEqual([2]);
  });

  test("error: more pages than one bitmap holds", () => {
    const world = new World();
    const wide = { ...WINDOW, last: iova(2n ** 63n - 1n) };
    world.ledger.setWindows([wide]);
    world.tracker.start();
    const wideQuery = (): unknown => world.tracker.query(iova(0), bytes(2n ** 46n));
    expect(thrown(wideQuery)).toMatchObject({
      code: "invalid-argument",
      facts: { most: 2n ** 45n },
    });
  });

  test("error: what is not a refusal comes through as it is", () => {
    const world = started();
    world.map(500, 1);
    Object.defineProperty(world.held, "filter", {
      value: () => {
        throw new TypeError("a bug");
      },
    });
    expect(() => query(world, 0, 16)).toThrow(TypeError);
  });
});

describe("unmapWithDirty", () => {
  const unmap = (world: World): DirtyBitmap => world.tracker.unmap(at(0), bytes(16 * PAGE));

  test("default: reports, removes, and leaves nothing unknown", () => {
    const world = started();
    world.write(6);
    expect(pagesOf(dirtyExtents(unmap(world)))).toEqual([6]);
    expect(world.ledger.count).toBe(0);
    expect(query(world, 0, 16).unknown).toEqual([]);
  });

  test.each<[Fault, number, number]>([
    ["before", 0, 5],
    [0, 0, 5],
    [1, 3, 2],
    ["after", 5, 0],
  ])(
    "rule DT1: fails at %s: the kernel is asked what it has removed, all of it is unknown",
    (fault, removed, stillMapped) => {
      const world = started();
      world.write(2);
      world.fault = fault;
      const error = thrown(() => unmap(world));
      expect(error.facts).toMatchObject({
        removed: BigInt(removed * PAGE),
        stillMapped: BigInt(stillMapped * PAGE),
        unknownSize: bytes(16 * PAGE),
      });
      expect(world.ledger.mappings().map((mapping) => Number(mapping.iova) / PAGE)).toEqual(
        world.held.map(({ first }) => first),
      );
      world.fault = undefined;
      expect(pagesOf(query(world, 0, 16).unknown)).toHaveLength(16);
    },
  );

  test("behavior: a kernel that does not tell keeps all counted as mapped", () => {
    const world = started({ confirms: false });
    world.fault = 1;
    expect(thrown(() => unmap(world)).facts).toMatchObject({ removed: 0n, stillMapped: 20480n });
    expect(world.ledger.count).toBe(2);
  });

  test("behavior: of several calls the first was made: it stays removed and is unknown", () => {
    const world = started({ maxBitmapBytes: 8 });
    world.map(100, 1);
    world.fault = "before";
    world.soundCalls = 2;
    const error = thrown(() => world.tracker.unmap(at(0), bytes(200 * PAGE)));
    expect(error.facts).toMatchObject({ removed: bytes(5 * PAGE), stillMapped: bytes(PAGE) });
    expect(world.calls).toEqual(["start", "unmap 1+7", "unmap 100+1"]);
    world.fault = undefined;
    expect(pagesOf(query(world, 0, 200).unknown)).toHaveLength(200);
  });
});

describe("start, stop and the end", () => {
  test("default: stop reports the rest, the lost ranges with it", () => {
    const world = started();
    world.write(1);
    world.ledger.removeAll(world.ledger.admitUnmap(at(6), bytes(2 * PAGE)));
    const { bitmaps, unknown } = world.tracker.stop();
    expect(bitmaps.flatMap((bitmap) => pagesOf(dirtyExtents(bitmap)))).toEqual([1]);
    expect(pagesOf(unknown)).toEqual([6, 7]);
    expect(world.tracker.active).toBe(false);
    world.tracker.release();
    expect(world.memories.every(({ closed }) => closed)).toBe(true);
  });

  test("behavior: a last read that fails counts every page as written", () => {
    const world = started();
    world.mapMemoryAnswers = -12;
    const { bitmaps, unknown } = world.tracker.stop();
    expect(bitmaps.flatMap((bitmap) => pagesOf(dirtyExtents(bitmap)))).toEqual([1, 2, 3, 6, 7]);
    expect(pagesOf(unknown)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test("error: a stop that is refused leaves tracking on and every page unknown", () => {
    const world = started();
    world.write(1);
    world.fault = "after";
    expect(thrown(() => world.tracker.stop()).code).toBe("kernel-misbehaved");
    expect(world.tracker.active).toBe(true);
    world.fault = undefined;
    expect(pagesOf(dirtyExtents(query(world, 0, 16)))).toEqual([1, 2, 3, 6, 7]);
  });

  test("error: a start that fails is stopped again; when that fails too, it says so", () => {
    const world = new World();
    world.fault = "before";
    expect(thrown(() => world.tracker.start()).operation).toBe("undo");
    expect(world.calls).toEqual(["start", "stop"]);
    expect(world.tracker.active).toBe(false);
  });

  test("error: a mapping too large for the kernel's bitmaps is refused before START", () => {
    const world = new World({ maxBitmapBytes: 8 });
    world.map(0, 65);
    expect(thrown(() => world.tracker.start()).code).toBe("not-offered");
    expect(world.calls).toEqual([]);
  });

  test("error: not offered, with the reason; in the wrong state", () => {
    const none = createDirtyTracking(new World({ offered: false }).tracker);
    expect(thrown(() => none.start())).toMatchObject({ code: "not-offered", hint: "scripted so" });
    const world = new World();
    const dirty = createDirtyTracking(world.tracker);
    expect(thrown(() => dirty.query(at(0), bytes(PAGE))).code).toBe("wrong-state");
    expect(thrown(() => dirty.unmapWithDirty(at(0), bytes(PAGE))).code).toBe("wrong-state");
    expect(thrown(() => dirty.stop()).code).toBe("wrong-state");
    dirty.start();
    expect(dirty.active).toBe(true);
    expect(thrown(() => dirty.start()).code).toBe("wrong-state");
  });

  test("error: memory that the kernel does not take back is tried again", () => {
    const world = started();
    query(world, 0, 16);
    world.munmapAnswers = -5;
    expect(thrown(() => world.tracker.release()).code).toBe("kernel-refused");
    world.munmapAnswers = 0;
    world.tracker.release();
    expect(world.memories.every(({ closed }) => closed)).toBe(true);
  });
});
