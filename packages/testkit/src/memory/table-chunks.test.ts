import { expect, test } from "vitest";
import { PhysicalMemory } from "./physical-memory.ts";
import { TableChunks } from "./table-chunks.ts";

test("chunks are contiguous, zero, and never given out twice", () => {
  const chunks = new TableChunks();
  const first = chunks.allocate(4);
  const second = chunks.allocate(1);
  expect(second).toBeGreaterThan(first + 4);
  chunks.wordsAt(first)?.fill(7);
  expect([chunks.word(first + 3, 1023), chunks.word(first + 4, 0)]).toEqual([7, undefined]);
  expect(chunks.framesInUse).toBe(5);
  chunks.free(first);
  expect([chunks.has(first), chunks.had(first + 3), chunks.framesInUse]).toEqual([false, true, 1]);
  const third = chunks.allocate(4);
  expect(third).toBeGreaterThan(second);
  expect(chunks.wordsAt(third)?.every((word) => word === 0)).toBe(true);
});

test("an array that is zero again serves the next chunk of its size", () => {
  const chunks = new TableChunks();
  const first = chunks.allocate(2);
  const words = chunks.wordsAt(first);
  chunks.free(first, "zero");
  expect(chunks.wordsAt(chunks.allocate(2))).toBe(words);
});

test("error: what is no chunk's start cannot be freed, nor a chunk twice", () => {
  const chunks = new TableChunks();
  const first = chunks.allocate(2);
  expect(() => chunks.free(first + 1)).toThrow("not an allocated table");
  chunks.free(first);
  expect(() => chunks.free(first)).toThrow("not an allocated table");
});

test("bytes and words are the same memory, and freed tables are stray accesses", () => {
  const memory = new PhysicalMemory();
  const frame = memory.chunks.allocate(2);
  expect(memory.write(frame + 1, 4094, Uint8Array.of(1, 2))).toBe(true);
  const read = new Uint8Array(2);
  expect(memory.read(frame + 1, 4094, read)).toBe(true);
  expect([...read]).toEqual([1, 2]);
  expect(memory.load32(frame + 1, 1023)).toBe(0x0201_0000);
  memory.store32(frame, 5, 0xdead_beef);
  expect(memory.chunks.wordsAt(frame)?.[5]).toBe(0xdead_beef);
  memory.chunks.free(frame);
  expect(memory.isLive(frame)).toBe(false);
  expect(memory.read(frame, 0, read)).toBe(false);
  expect(memory.takeStrayAccesses()).toMatchObject([{ frame, kind: "freed" }]);
});

test("many freed chunks are forgotten, the live ones are found", () => {
  const chunks = new TableChunks();
  const live = chunks.allocate(1);
  for (let made = 0; made < 5000; made++) chunks.free(chunks.allocate(1));
  expect([chunks.has(live), chunks.framesInUse]).toEqual([true, 1]);
});
