import { expect, test } from "vitest";
import { PhysicalMemory } from "./physical-memory.ts";
import { TableArena } from "./table-arena.ts";

test("words are values, and bytes are their little-endian form at any offset", () => {
  const arena = new TableArena();
  const frame = arena.allocate();
  arena.words[arena.indexOf(frame) + 1] = 0x1122_3344;
  const seen = new Uint8Array(6);
  arena.readBytes(frame, 3, seen);
  expect([...seen]).toEqual([0, 0x44, 0x33, 0x22, 0x11, 0]);
  arena.writeBytes(frame, 6, Uint8Array.of(0xaa, 0xbb, 0xcc));
  expect(arena.words[arena.indexOf(frame) + 1]).toBe(0xbbaa_3344);
  expect(arena.words[arena.indexOf(frame) + 2]).toBe(0xcc);
});

test("words and bytes agree when reached as physical memory", () => {
  const memory = new PhysicalMemory();
  const frame = memory.tables.allocate();
  const data = memory.allocate(1, "contiguous").runs[0]?.firstFrame ?? 0;
  for (const place of [frame, data]) {
    memory.store32(place, 1023, 0x8899_aabb);
    const seen = new Uint8Array(4);
    memory.read(place, 4092, seen);
    expect([...seen]).toEqual([0xbb, 0xaa, 0x99, 0x88]);
    memory.write(place, 4093, Uint8Array.of(0));
    expect(memory.load32(place, 1023)).toBe(0x8899_00bb);
  }
});

test("growing keeps contents, recycled frames are zero, freed ones are poisoned", () => {
  const arena = new TableArena();
  const frames = Array.from({ length: 200 }, () => arena.allocate());
  for (const frame of frames) expect(arena.words[arena.indexOf(frame) + 7]).toBe(0);
  for (const frame of frames) arena.words[arena.indexOf(frame) + 7] = frame;
  for (let more = 0; more < 300; more++) arena.allocate();
  for (const frame of frames) expect(arena.words[arena.indexOf(frame) + 7]).toBe(frame);
  const [freed] = frames;
  if (freed === undefined) throw new Error("no frame");
  arena.free(freed);
  expect(arena.words[arena.indexOf(freed) + 7]).toBe(0xdbdb_dbdb);
  expect(arena.allocate()).toBe(freed);
  expect(arena.words[arena.indexOf(freed) + 7]).toBe(0);
});

test("frames in use are counted, and freeing twice or freeing others' frames throws", () => {
  const arena = new TableArena();
  const frame = arena.allocate();
  arena.allocate();
  expect(arena.inUse).toBe(2);
  arena.free(frame);
  expect(arena.inUse).toBe(1);
  expect(() => arena.free(frame)).toThrow("not an allocated table frame");
  expect(() => arena.free(0)).toThrow("not an allocated table frame");
});

test("a table that its owner emptied is not overwritten, and serves again", () => {
  const arena = new TableArena();
  const frame = arena.allocate();
  arena.free(frame, "zero");
  expect(arena.words[arena.indexOf(frame) + 7]).toBe(0);
  expect(() => arena.free(frame, "zero")).toThrow("not an allocated table frame");
  expect(arena.allocate()).toBe(frame);
});

test("a table is no longer empty once somebody wrote to it by its address", () => {
  const memory = new PhysicalMemory();
  const { tables } = memory;
  const writes = [
    (frame: number) => memory.store32(frame, 9, 1),
    (frame: number) => memory.write(frame, 36, Uint8Array.of(1)),
  ];
  const isZero = (frame: number): boolean =>
    tables.words
      .subarray(tables.indexOf(frame), tables.indexOf(frame + 1))
      .every((word) => word === 0);
  for (const write of writes) {
    const frame = tables.allocate();
    write(frame);
    tables.free(frame, "zero");
    expect(tables.words[tables.indexOf(frame)]).toBe(0xdbdb_dbdb);
    expect([tables.allocate(), isZero(frame)]).toEqual([frame, true]);
    tables.free(frame, "zero");
    write(frame);
    expect([tables.allocate(), isZero(frame)]).toEqual([frame, true]);
    tables.free(frame);
  }
});

test("notes are zero for each new owner and stay over growth", () => {
  const arena = new TableArena();
  const frame = arena.allocate();
  arena.notes[2 * frame] = 5;
  for (let more = 0; more < 300; more++) arena.allocate();
  expect(arena.notes[2 * frame]).toBe(5);
  arena.free(frame);
  expect(arena.allocate()).toBe(frame);
  expect([arena.notes[2 * frame], arena.notes[2 * frame + 1]]).toEqual([0, 0]);
});
