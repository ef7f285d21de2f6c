// What dirty tracking reports, what it refuses, and that nothing a device wrote is lost (rule DT1).
//
// The devices of the suite have no log of their own, so a kernel cannot know which pages they wrote and
// must report every mapped page, at every query. That is also what makes the bitmap's geometry visible.

import {
  bytes,
  type Container,
  type DirtyBitmap,
  type DmaMemory,
  dirtyExtents,
  type ErrorCode,
  hostPlus,
  type Iova,
  iova,
  iovaPlus,
} from "@iommukit/core";
import { EDU_PIECE_BYTES } from "../drivers/edu-driver.ts";
import type { ConformanceCase } from "./case.ts";
import { differingBytes, expectCode, expectEqual, expectThat } from "./expect.ts";
import { firstIova, pageOf } from "./places.ts";
import type { World } from "./world.ts";

const claims = "dirty-tracking";

export const DIRTY_CASES: readonly ConformanceCase[] = [
  { name: "dirty: every mapped page, at every query", claims, run: everyPage },
  { name: "dirty: bits of mapped pages only, whatever the shape", claims, run: geometry },
  { name: "dirty: a mapping made while tracking is tracked", claims, run: madeLater },
  { name: "dirty: unmapWithDirty reports, and the range is final", claims, run: unmapping },
  { name: "dirty: a plain unmap leaves its range unknown, once", claims, run: plainUnmap },
  { name: "dirty: stop reports what is left; tracking starts anew", claims, run: stopping },
  { name: "dirty: what cannot be is refused without a call", claims, run: refusals },
  { name: "dirty: groups that come and go lose nothing", claims, devices: 2, run: groups },
];

/** Maps `[first, count]` runs of pages, counted from the first place, to memory of their own. */
function mapRuns(
  world: World,
  container: Container,
  runs: readonly (readonly [first: number, count: number])[],
): DmaMemory {
  const page = pageOf(container);
  const pages = runs.reduce((most, [first, count]) => Math.max(most, first + count), 0);
  const memory = world.registered(container, pages * page);
  for (const [first, count] of runs) {
    const host = hostPlus(memory.address, first * page);
    container.dma.map(pageAt(container, first), host, bytes(count * page), "read-write");
  }
  return memory;
}

function pageAt(container: Container, page: number): Iova {
  return iovaPlus(firstIova(container), page * pageOf(container));
}

/** Queries `count` pages from page `first` on and answers the pages marked, as `1-3 6`. */
function queryPages(container: Container, first: number, count: number): string {
  const size = bytes(count * pageOf(container));
  return marked(container, container.dirty.query(pageAt(container, first), size));
}

/** The runs of marked pages, counted from the first place. */
function marked(container: Container, bitmap: DirtyBitmap): string {
  const page = BigInt(pageOf(container));
  return [...dirtyExtents(bitmap)]
    .map(({ iova: at, size }) => [(at - firstIova(container)) / page, size / page] as const)
    .map(([first, count]) => (count === 1n ? `${first}` : `${first}-${first + count - 1n}`))
    .join(" ");
}

function everyPage(world: World): void {
  const { container, edu } = world.bench();
  mapRuns(world, container, [[0, 4]]);
  container.dirty.start();
  expectThat(container.dirty.active, "tracking is on");
  edu.copyToHost(pageAt(container, 2), EDU_PIECE_BYTES);
  for (const round of ["first", "second"])
    expectEqual(queryPages(container, 0, 4), "0-3", `pages of the ${round} query`);
  edu.copyToHost(pageAt(container, 1), EDU_PIECE_BYTES);
  expectEqual(queryPages(container, 0, 4), "0-3", "pages after another write");
  container.dirty.stop();
  expectThat(!container.dirty.active, "tracking is off");
}

function geometry(world: World): void {
  const container = world.open();
  mapRuns(world, container, [
    [1, 3],
    [6, 2],
    [8, 1],
    [70, 61],
  ]);
  container.dirty.start();
  // The same ranges again and again: 6.12 shifts bits of one answer into the next.
  for (let round = 0; round < 3; round++) {
    expectEqual(queryPages(container, 0, 200), "1-3 6-8 70-130", "pages of all");
    expectEqual(queryPages(container, 5, 5), "6-8", "pages from a hole to a hole");
    expectEqual(queryPages(container, 8, 62), "8", "pages of a mapping and a hole");
    expectEqual(queryPages(container, 9, 30), "", "pages of a hole");
  }
  const { bits, pageSize, unknown } = container.dirty.query(
    pageAt(container, 0),
    bytes(65 * pageOf(container)),
  );
  expectEqual(bits.length, 8 * Math.ceil((65 * pageOf(container)) / pageSize / 64), "bytes");
  expectEqual(unknown.length, 0, "ranges that are unknown");
}

function madeLater(world: World): void {
  const { container, edu } = world.bench();
  container.dirty.start();
  mapRuns(world, container, [[3, 2]]);
  edu.copyToHost(pageAt(container, 4), EDU_PIECE_BYTES);
  expectEqual(queryPages(container, 0, 8), "3-4", "pages of a mapping made later");
}

function unmapping(world: World): void {
  const { container, edu } = world.bench();
  const page = pageOf(container);
  const memory = mapRuns(world, container, [
    [0, 1],
    [3, 2],
    [9, 1],
  ]);
  container.dirty.start();
  edu.copyToHost(pageAt(container, 3), EDU_PIECE_BYTES);
  const bitmap = container.dirty.unmapWithDirty(pageAt(container, 0), bytes(8 * page));
  expectEqual(marked(container, bitmap), "0 3-4", "pages of the mappings removed");
  expectEqual(container.dma.mappings().length, 1, "live mappings");
  const before = memory.bytes.slice();
  edu.copyToHost(pageAt(container, 0), EDU_PIECE_BYTES);
  edu.copyToHost(pageAt(container, 3), EDU_PIECE_BYTES);
  expectEqual(differingBytes(before, memory.bytes), 0, "bytes written after unmapWithDirty");
  const rest = container.dirty.query(pageAt(container, 0), bytes(10 * page));
  expectEqual(marked(container, rest), "9", "pages of what is left");
  expectEqual(rest.unknown.length, 0, "ranges that are unknown");
}

function plainUnmap(world: World): void {
  const container = world.open();
  const page = pageOf(container);
  mapRuns(world, container, [
    [0, 1],
    [2, 2],
  ]);
  container.dirty.start();
  container.dma.unmap(pageAt(container, 2), bytes(2 * page));
  const query = (): DirtyBitmap => container.dirty.query(pageAt(container, 0), bytes(8 * page));
  const [unknown, another] = query().unknown;
  expectEqual(unknown?.iova, pageAt(container, 2), "where it is unknown");
  expectEqual(unknown?.size, bytes(2 * page), "how much is unknown");
  expectEqual(another, undefined, "another range that is unknown");
  expectEqual(query().unknown.length, 0, "ranges unknown the second time");
}

function stopping(world: World): void {
  const container = world.open();
  const page = pageOf(container);
  mapRuns(world, container, [
    [0, 2],
    [5, 1],
    [7, 1],
  ]);
  container.dirty.start();
  container.dma.unmap(pageAt(container, 7), bytes(page));
  const final = container.dirty.stop();
  const pages = final.bitmaps.map((bitmap) => marked(container, bitmap)).join(" ");
  expectEqual(pages, "0-1 5", "pages of the last bitmaps");
  expectEqual(final.unknown[0]?.iova, pageAt(container, 7), "where it is unknown");
  expectEqual(final.unknown.length, 1, "ranges that are unknown");
  container.dirty.start();
  expectEqual(queryPages(container, 0, 8), "0-1 5", "pages when tracking is on again");
  expectEqual(container.dirty.stop().unknown.length, 0, "ranges unknown at the end");
}

function refusals(world: World): void {
  const container = world.open();
  const page = pageOf(container);
  mapRuns(world, container, [[0, 4]]);
  const at = pageAt(container, 0);
  const size = BigInt(page);
  const { dirty } = container;
  const refused = (code: ErrorCode, call: () => unknown, what: string): void => {
    expectCode(code, call, what);
    expectEqual(world.callsDuring(call), 0, `calls made for ${what}`);
  };
  refused("wrong-state", () => dirty.query(at, bytes(4 * page)), "a query before start");
  refused("wrong-state", () => dirty.unmapWithDirty(at, bytes(4 * page)), "unmap before start");
  refused("wrong-state", () => dirty.stop(), "stop before start");
  dirty.start();
  refused("wrong-state", () => dirty.start(), "a second start");
  const table: readonly [ErrorCode, bigint, bigint][] = [
    ["splits-mapping", at, size],
    ["splits-mapping", at + size, 8n * size],
    ["zero-size", at, 0n],
    ["misaligned", at + 1n, size],
    ["misaligned", at, size / 2n],
    ["outside-window", at, (1n << 64n) - size],
    ["invalid-address", -1n, size],
    ["invalid-address", at, 1n << 64n],
  ];
  for (const [code, where, length] of table)
    for (const method of [dirty.query, dirty.unmapWithDirty])
      refused(code, () => Reflect.apply(method, undefined, [where, length]), `${length} bytes`);
  const hole = iova(at + 4n * size);
  refused("not-mapped", () => dirty.unmapWithDirty(hole, bytes(page)), "unmap of a hole");
  const { group } = world.device();
  refused("wrong-state", () => container.control.detach(group), "detach of the last group");
  expectEqual(container.dma.mappings()[0]?.size, bytes(4 * page), "bytes still mapped");
}

function groups(world: World): void {
  const container = world.open();
  mapRuns(world, container, [[0, 2]]);
  container.dirty.start();
  container.control.attach(world.device(1).group);
  const second = world.openEdu(container, 1);
  second.edu.copyToHost(pageAt(container, 1), EDU_PIECE_BYTES);
  second.device.close();
  container.control.detach(world.device(1).group);
  expectEqual(queryPages(container, 0, 4), "0-1", "pages after the group has left");
}
