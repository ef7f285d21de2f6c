import { expect, test } from "vitest";
import { PhysicalMemory } from "../memory/physical-memory.ts";
import { Backing } from "./backing.ts";
import { AddressSpace, PAGE, type Protection } from "./user-memory.ts";

function space() {
  const frames = new PhysicalMemory();
  const memory = new AddressSpace(1000);
  const map = (pages: number, protection: Protection = "read-write") => {
    const firstPage = memory.place(pages, 1);
    if (firstPage === undefined) throw new Error("no room");
    const backing = new Backing(frames, frames.allocate(pages, "scattered"));
    const area = { firstPage, pages, protection, backing };
    memory.add(area);
    return area;
  };
  return { frames, memory, map };
}

test("behavior: areas grow downwards and a hole that fits is used again", () => {
  const { memory, map } = space();
  const [first, second, third] = [map(10), map(4), map(2)];
  expect([first.firstPage, second.firstPage, third.firstPage]).toEqual([990, 986, 984]);
  memory.remove(second);
  expect(map(5).firstPage).toBe(979);
  expect(map(3).firstPage).toBe(987);
  expect(memory.areas.map((area) => area.firstPage)).toEqual([979, 984, 987, 990]);
});

test("behavior: alignment, and no room at all", () => {
  const { memory } = space();
  expect(memory.place(100, 512)).toBe(512);
  expect(memory.place(984, 1)).toBe(16);
  expect(memory.place(985, 1)).toBeUndefined();
});

test("behavior: a copy across areas stops at the first page it may not touch", () => {
  const { memory, map } = space();
  const [upper, lower] = [map(1, "read"), map(1)];
  upper.backing.bytes.fill(7);
  lower.backing.bytes.fill(6);
  const start = lower.firstPage * PAGE;
  const bytes = new Uint8Array(2 * PAGE);
  expect(memory.read(start, bytes)).toBe(2 * PAGE);
  expect([bytes[0], bytes[PAGE]]).toEqual([6, 7]);
  expect(memory.read(start + PAGE, bytes)).toBe(PAGE);
  expect(memory.write(start + PAGE - 2, Uint8Array.of(1, 2, 3, 4))).toBe(2);
  expect([lower.backing.bytes[PAGE - 1], upper.backing.bytes[0]]).toEqual([2, 7]);
});

test("behavior: frames live until the last pin goes", () => {
  const { frames, memory, map } = space();
  const area = map(8);
  const run = memory.pin(area.firstPage + 3, 8, "write");
  if (run === undefined) throw new Error("not pinned");
  memory.remove(area);
  expect([frames.liveAllocations, area.backing.pins]).toEqual([1, run.frames]);
  expect(memory.pin(area.firstPage, 1, "read")).toBeUndefined();
  run.backing.unpin(run.frames);
  expect(frames.liveAllocations).toBe(0);
});
