// Dirty tracking through the simulated kernel, stale bits and all, and through ports that go wrong.

import { fc, test as property } from "@fast-check/vitest";
import {
  bytes,
  type Container,
  createIommu,
  type DmaMemory,
  dirtyExtents,
  hostPlus,
  IommuError,
  type Iova,
  iova,
} from "@iommukit/core";
import {
  answers,
  corrupts,
  type FaultEffect,
  fails,
  failsAfterwards,
  faultyPort,
  type SimulatedHost,
  simulatedHost,
  vtd,
} from "@iommukit/testkit";
import { type1 } from "@iommukit/type1-x86";
import { describe, expect, test } from "vitest";

const PAGE = 4096;
const BASE = 0x10_0000;
const GET_INFO = 15216;
const UNMAP_DMA = 15218;
const DIRTY_PAGES = 15221;
const EFAULT = 14;

interface World {
  readonly sim: SimulatedHost;
  readonly container: Container;
  readonly memory: DmaMemory;
}

interface Fault {
  readonly request: number;
  readonly what: FaultEffect;
  readonly nth?: number;
  readonly times?: number;
}

function open(faults: readonly Fault[] = []): World {
  const sim = simulatedHost(vtd());
  const { port } = faultyPort(sim.port, {
    faults: faults.map(({ request, what, nth, times }) => ({
      when: { call: "ioctl", request, nth: nth ?? 1, times: times ?? 1 },
      what,
    })),
  });
  const iommu = createIommu(port);
  const memory = iommu.allocate(256 * PAGE);
  const container = iommu.openContainer({ groups: [2], backends: [type1()] });
  return { sim, container, memory };
}

function map({ container, memory }: World, page: number, pages: number): void {
  const host = hostPlus(memory.address, page * PAGE);
  container.dma.map(at(page), host, bytes(pages * PAGE), "read-write");
}

function at(page: number): Iova {
  return iova(BASE + page * PAGE);
}

function query({ container }: World, page: number, pages: number): number[] {
  const bitmap = container.dirty.query(at(page), bytes(pages * PAGE));
  return [...dirtyExtents(bitmap)].flatMap(({ iova: where, size }) =>
    Array.from({ length: Number(size) / PAGE }, (_, i) => (Number(where) - BASE) / PAGE + i),
  );
}

function close({ sim, container, memory }: World): void {
  container.close();
  memory.close();
  expect(sim.inspect.openDescriptors()).toEqual([]);
  expect(sim.inspect.pinnedPages()).toBe(0);
}

function thrown(action: () => unknown): IommuError {
  try {
    action();
  } catch (error) {
    if (error instanceof IommuError) return error;
    throw error;
  }
  throw new Error("expected an error");
}

/** max_dirty_bitmap_size of the migration capability, which the simulated kernel lists first. */
function largestBitmap(size: bigint): FaultEffect {
  return corrupts("max_dirty_bitmap_size", (view) => {
    if (view.byteLength > 48) view.setBigUint64(48, size, true);
  });
}

const layout = fc.array(fc.record({ gap: fc.nat(9), pages: fc.integer({ min: 1, max: 70 }) }), {
  minLength: 1,
  maxLength: 8,
});

describe("every shape against the set of mapped pages", () => {
  property.prop([layout, fc.constantFrom(16n, 24n, 0x1000_0000n), fc.nat(30)], { numRuns: 60 })(
    "the kernel's stale bits never get out, however the query is cut into calls",
    (shape, limit, lead) => {
      const world = open([
        { request: GET_INFO, what: largestBitmap(limit), times: Number.POSITIVE_INFINITY },
      ]);
      const mapped: number[] = [];
      let page = lead;
      for (const { gap, pages } of shape) {
        if (page + gap + pages > 256) break;
        map(world, page + gap, pages);
        for (let i = 0; i < pages; i++) mapped.push(page + gap + i);
        page += gap + pages;
      }
      world.container.dirty.start();
      for (let round = 0; round < 3; round++) expect(query(world, 0, 300)).toEqual(mapped);
      const all = world.container.dirty.unmapWithDirty(at(0), bytes(300 * PAGE));
      expect([...dirtyExtents(all)].reduce((sum, { size }) => sum + Number(size), 0)).toBe(
        mapped.length * PAGE,
      );
      expect(world.sim.inspect.mappings()).toEqual([]);
      close(world);
    },
  );
});

describe("error: the kernel's answers", () => {
  test.each([
    ["EFAULT, nothing done", fails(EFAULT), "kernel-misbehaved"],
    ["EFAULT, all done", failsAfterwards(EFAULT), "kernel-misbehaved"],
    ["EINVAL", fails(22), "kernel-refused"],
    ["ENOMEM", fails(12), "out-of-memory"],
    ["a positive number", answers(1), "kernel-misbehaved"],
  ] as const)("a query answered with %s is unknown, and told by the next", (_, what, code) => {
    const world = open([{ request: DIRTY_PAGES, nth: 2, what }]);
    map(world, 2, 3);
    world.container.dirty.start();
    const error = thrown(() => query(world, 0, 8));
    expect(error).toMatchObject({ code, operation: "query", facts: { unknownIova: at(0) } });
    const { unknown } = world.container.dirty.query(at(0), bytes(8 * PAGE));
    expect(unknown).toEqual([{ iova: at(0), size: bytes(8 * PAGE) }]);
    close(world);
  });

  test.each([
    ["EFAULT, nothing done", fails(EFAULT), 0],
    ["EFAULT, all done", failsAfterwards(EFAULT), 3],
    ["a positive number", answers(7), 0],
  ] as const)(
    "an unmap answered with %s: the ledger holds what the kernel does",
    (_, what, gone) => {
      const world = open([{ request: UNMAP_DMA, what }]);
      map(world, 0, 1);
      map(world, 4, 2);
      world.container.dirty.start();
      const error = thrown(() => world.container.dirty.unmapWithDirty(at(0), bytes(8 * PAGE)));
      expect(error.facts).toMatchObject({
        removed: bytes(gone * PAGE),
        stillMapped: bytes((3 - gone) * PAGE),
      });
      expect(world.container.dma.mappings()).toHaveLength(world.sim.inspect.mappings().length);
      expect(world.container.dirty.query(at(0), bytes(8 * PAGE)).unknown).toHaveLength(1);
      close(world);
    },
  );

  test("an unmap that says another size: the ledger holds what the kernel does", () => {
    const short = corrupts("size", (view) => view.setBigUint64(16, 1n, true));
    const world = open([{ request: UNMAP_DMA, what: short }]);
    map(world, 0, 2);
    world.container.dirty.start();
    const error = thrown(() => world.container.dirty.unmapWithDirty(at(0), bytes(2 * PAGE)));
    expect(error).toMatchObject({ code: "kernel-misbehaved", facts: { stillMapped: 0n } });
    expect(world.container.dma.mappings()).toEqual([]);
    close(world);
  });

  test("START and STOP that are refused", () => {
    // Calls: START refused, STOP to be sure, START, GET and STOP refused.
    const world = open([
      { request: DIRTY_PAGES, what: fails(12) },
      { request: DIRTY_PAGES, nth: 5, what: fails(5) },
    ]);
    map(world, 0, 1);
    const { dirty } = world.container;
    expect(thrown(() => dirty.start()).code).toBe("out-of-memory");
    expect(dirty.active).toBe(false);
    dirty.start();
    expect(thrown(() => dirty.stop()).code).toBe("kernel-refused");
    expect(dirty.active).toBe(true);
    expect(dirty.stop().unknown).toEqual([{ iova: at(0), size: bytes(PAGE) }]);
    close(world);
  });
});

describe("capabilities", () => {
  test("default: offered with the kernel's limits; version 1 has no dirty tracking", () => {
    const { container } = open();
    expect(container.capabilities).toMatchObject({
      migration: { offered: true, detail: "pages of 4 KiB, bitmaps of at most 256 MiB" },
      "dirty-tracking": { offered: true },
      "available-mappings": { offered: true, detail: "65535 when last asked" },
      "update-vaddr": { offered: true },
    });
    const iommu = createIommu(simulatedHost(vtd()).port);
    const first = iommu.openContainer({ groups: [2], backends: [type1({ version: 1 })] });
    expect(first.backend).toBe("type1v1");
    expect(first.capabilities).toMatchObject({
      migration: { offered: true },
      "dirty-tracking": { offered: false },
      "update-vaddr": { offered: true },
    });
    expect(thrown(() => first.dirty.start())).toMatchObject({
      code: "not-offered",
      hint: "VFIO_IOMMU_DIRTY_PAGES is refused under Type1 version 1",
    });
  });

  test.each([
    ["no room for a word", (view: DataView): void => view.setBigUint64(48, 7n, true)],
    ["another page", (view: DataView): void => view.setBigUint64(40, 65_536n, true)],
    ["no page at all", (view: DataView): void => view.setBigUint64(40, 0n, true)],
  ])("a migration capability with %s is not offered, with the reason", (_, change) => {
    const what = corrupts("migration", (view) => {
      if (view.byteLength > 56) change(view);
    });
    const { container } = open([{ request: GET_INFO, what, times: Number.POSITIVE_INFINITY }]);
    expect(container.capabilities["dirty-tracking"]).toEqual({
      offered: false,
      reason: "the kernel's dirty bitmaps do not fit its page sizes",
    });
  });

  test("a kernel that lists no capability: neither is offered, and mapping works", () => {
    const what = corrupts("flags", (view) => view.setUint32(4, 1, true));
    const world = open([{ request: GET_INFO, what, times: Number.POSITIVE_INFINITY }]);
    expect(world.container.capabilities).toMatchObject({
      "dirty-tracking": { offered: false, reason: "the kernel lists no migration capability" },
      "available-mappings": { offered: false, reason: "the kernel lists no such number" },
    });
    map(world, 0, 1);
    close(world);
  });
});
