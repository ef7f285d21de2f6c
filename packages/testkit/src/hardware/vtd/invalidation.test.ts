import { expect, test } from "vitest";
import { BLOCKED, INTERRUPT_MESSAGE } from "../iommu-hardware.ts";
import { HandBuiltVtd } from "./hand-built.ts";
import type { VtdOptions } from "./vtd-iommu.ts";

const DEVICE = 0x18;
const OTHER = 0x20;
const FSTS = 0x34;
const IQH = 0x80;

const page = (domain: number, frame: number, mask: number): readonly [bigint, bigint] => [
  0x32n | (BigInt(domain) << 16n),
  (BigInt(frame) << 12n) | BigInt(mask),
];

/** Two devices in domains 5 and 6 over one leaf table; frames 0..511 map to 0x1000 + frame. */
function shared(options: Partial<VtdOptions> = {}) {
  const hand = new HandBuiltVtd(options);
  const top = hand.table();
  hand.attach(DEVICE, top, 1, 5);
  hand.attach(OTHER, top, 1, 6);
  const leaf = hand.tables(top, 3, 0, 1);
  const mapTo = (base: number): void => {
    for (let index = 0; index < 512; index++)
      hand.put(leaf, index, (BigInt(base + index) << 12n) | 3n);
  };
  mapTo(0x1000);
  const seen = (requester: number, frames: readonly number[]): number[] =>
    frames.map((frame) => hand.unit.translateFrame(requester, frame, "read") - frame);
  return { hand, top, leaf, mapTo, seen };
}

const ALL = Array.from({ length: 64 }, (_, index) => index);

test.each([0, 1, 2, 3, 4, 5])("mask %i forgets exactly its 2^n pages", (mask) => {
  const { hand, mapTo, seen } = shared();
  seen(DEVICE, ALL);
  mapTo(0x2000);
  expect(new Set(seen(DEVICE, ALL))).toEqual(new Set([0x1000]));
  hand.invalidate(page(5, 21, mask));
  const size = 2 ** mask;
  const first = Math.floor(21 / size) * size;
  expect(seen(DEVICE, ALL)).toEqual(
    ALL.map((frame) => (frame >= first && frame < first + size ? 0x2000 : 0x1000)),
  );
});

test("domain and page invalidations leave other domains alone, the global one does not", () => {
  const { hand, mapTo, seen } = shared();
  seen(DEVICE, ALL);
  seen(OTHER, ALL);
  mapTo(0x2000);
  hand.invalidate(page(5, 0, 0));
  expect([seen(DEVICE, [0, 1]), seen(OTHER, [0, 1])]).toEqual([
    [0x2000, 0x1000],
    [0x1000, 0x1000],
  ]);
  hand.invalidate([0x22n | (5n << 16n), 0n]);
  expect([seen(DEVICE, [1]), seen(OTHER, [1])]).toEqual([[0x2000], [0x1000]]);
  hand.invalidate([0x12n, 0n]);
  expect(seen(OTHER, [1])).toEqual([0x2000]);
});

test("one page inside a large page forgets the large page, its neighbour stays", () => {
  const { hand, top } = shared();
  const middle = hand.tables(top, 3, 2 ** 18, 2);
  hand.put(middle, 0, 0x4000_0083n);
  hand.put(middle, 1, 0x4020_0083n);
  const at = (frame: number): number => hand.unit.translateFrame(DEVICE, frame, "write");
  expect([at(2 ** 18 + 511), at(2 ** 18 + 512)]).toEqual([0x4_01ff, 0x4_0200]);
  hand.put(middle, 0, 0n);
  hand.put(middle, 1, 0n);
  hand.invalidate(page(5, 2 ** 18 + 77, 0));
  expect([at(2 ** 18 + 511), at(2 ** 18 + 512)]).toEqual([BLOCKED, 0x4_0200]);
});

test("a removed page stays reachable until it is invalidated", () => {
  const { hand, leaf } = shared();
  expect(hand.unit.translateFrame(DEVICE, 3, "write")).toBe(0x1003);
  hand.put(leaf, 3, 0n);
  expect(hand.unit.translateFrame(DEVICE, 3, "write")).toBe(0x1003);
  hand.invalidate(page(5, 3, 0));
  expect(hand.unit.translateFrame(DEVICE, 3, "write")).toBe(BLOCKED);
});

test("a changed context entry counts only after a context-cache invalidation", () => {
  const { hand } = shared();
  hand.unit.translateFrame(DEVICE, 3, "read");
  hand.putContext(DEVICE, 0n, 0n);
  expect(hand.unit.translateFrame(DEVICE, 4, "read")).toBe(0x1004);
  hand.invalidate([0x31n | (5n << 16n) | (BigInt(OTHER) << 32n), 0n]);
  expect(hand.unit.translateFrame(DEVICE, 4, "read")).toBe(0x1004);
  hand.invalidate([0x31n | (5n << 16n) | (BigInt(DEVICE) << 32n), 0n]);
  expect(hand.unit.translateFrame(DEVICE, 4, "read")).toBe(BLOCKED);
  expect(hand.unit.lastFault?.code).toBe(2);
});

test.each([
  ["function mask", [0x31n | (3n << 48n) | (0x1fn << 32n), 0n]],
  ["domain", [0x21n | (5n << 16n), 0n]],
  ["global", [0x11n, 0n]],
] as const)("the %s granularity of a context-cache invalidation covers the device", (_, words) => {
  const { hand } = shared();
  hand.unit.translateFrame(DEVICE, 3, "read");
  hand.putContext(DEVICE, 0n, 0n);
  hand.invalidate(words);
  expect(hand.unit.translateFrame(DEVICE, 3, "read")).toBe(BLOCKED);
});

test("with caching mode an absent entry may be remembered, without it never", () => {
  for (const cachingMode of [true, false]) {
    const { hand, leaf } = shared({ cachingMode });
    hand.put(leaf, 3, 0n);
    expect(hand.unit.translateFrame(DEVICE, 3, "read")).toBe(BLOCKED);
    hand.put(leaf, 3, 0x7003n);
    expect(hand.unit.translateFrame(DEVICE, 3, "read")).toBe(cachingMode ? BLOCKED : 7);
    hand.invalidate(page(5, 3, 0));
    expect(hand.unit.translateFrame(DEVICE, 3, "read")).toBe(7);
  }
});

test("a wait descriptor writes its status after what came before", () => {
  const { hand } = shared();
  const status = hand.table();
  hand.invalidate([0x12n, 0n], [0x35n | (0xabcdn << 32n), (BigInt(status) << 12n) | 0x10n]);
  expect(hand.memory.load32(status, 4)).toBe(0xabcd);
  expect(hand.read32(0x9c)).toBe(1n);
  expect(hand.read(IQH)).toBe(0x20n);
});

test.each([
  ["an unknown type", [0x0fn, 0n]],
  ["a reserved granularity", [0x02n, 0n]],
  ["a mask beyond MAMV", [0x32n | (5n << 16n), 19n]],
  ["a reserved bit", [0x12n | (1n << 40n), 0n]],
] as const)("%s stops the queue with the head on it until IQE is cleared", (_, words) => {
  const { hand } = shared();
  hand.invalidate([0x12n, 0n], words, [0x12n, 0n]);
  expect(hand.read(IQH)).toBe(0x10n);
  expect(hand.read32(FSTS)).toBe(0x10n);
  hand.put(hand.ring, 2, 0x12n);
  hand.put(hand.ring, 3, 0n);
  hand.unit.registers.write(FSTS, 4, 0x10n);
  expect(hand.read(IQH)).toBe(0x30n);
  expect(hand.read32(FSTS)).toBe(0n);
});

test("the ring wraps and keeps obeying", () => {
  const { hand, mapTo, seen } = shared();
  for (let turn = 0; turn < 600; turn++) {
    mapTo(0x1000 + 0x1000 * (turn % 7));
    hand.invalidate(page(5, 3, 0));
    expect(seen(DEVICE, [3])).toEqual([0x1000 + 0x1000 * (turn % 7)]);
  }
});

test("translation off, pass-through and the interrupt window use no table", () => {
  const { hand } = shared();
  hand.putContext(0x28, 0b1001n, 0x501n);
  expect(hand.unit.translateFrame(0x28, 0x12345, "write")).toBe(0x12345);
  expect(hand.unit.translateFrame(DEVICE, 0xfedff, "write")).toBe(BLOCKED);
  for (const frame of [0xfee00, 0xfeeff])
    expect(hand.unit.translateFrame(DEVICE, frame, "write")).toBe(INTERRUPT_MESSAGE);
  expect(hand.unit.translateFrame(DEVICE, 0xfef00, "write")).toBe(BLOCKED);
  expect(() => hand.unit.translateFrame(0x1_0000, 0, "read")).toThrow(RangeError);
  hand.unit.registers.write(0x18, 4, 0n);
  expect(hand.unit.translateFrame(DEVICE, 0x54321, "read")).toBe(0x54321);
});

test("with caching mode a refused write does not hide a readable page", () => {
  const { hand, leaf } = shared({ cachingMode: true });
  hand.put(leaf, 3, 0x7001n);
  expect(hand.unit.translateFrame(DEVICE, 3, "write")).toBe(BLOCKED);
  expect(hand.unit.translateFrame(DEVICE, 3, "read")).toBe(7);
  expect(hand.unit.translateFrame(DEVICE, 3, "write")).toBe(BLOCKED);
});

test("a tail that is written as one word works as any, and shows in the registers", () => {
  const { hand, mapTo, seen } = shared();
  seen(DEVICE, [3]);
  mapTo(0x2000);
  const [low, high] = page(5, 3, 0);
  hand.put(hand.ring, 0, low);
  hand.put(hand.ring, 1, high);
  hand.unit.registers.writeWord(0x88, 16);
  expect(seen(DEVICE, [3])).toEqual([0x2000]);
  expect([hand.read(IQH), hand.read(0x88)]).toEqual([0x10n, 0x10n]);
  hand.unit.registers.writeWord(FSTS, 0);
  expect(hand.unit.registers.read(0x8c, 4)).toBe(0n);
});

test("a tail that moved while the queue was off counts from its start when it goes on", () => {
  const { hand, mapTo, seen } = shared();
  hand.invalidate([0x12n, 0n], [0x12n, 0n]);
  const { registers } = hand.unit;
  registers.write(0x18, 4, 1n << 31n);
  seen(DEVICE, [3]);
  mapTo(0x2000);
  hand.put(hand.ring, 0, page(5, 3, 0)[0]);
  hand.put(hand.ring, 1, page(5, 3, 0)[1]);
  registers.writeWord(0x88, 16);
  expect([seen(DEVICE, [3]), hand.read(IQH)]).toEqual([[0x1000], 0x20n]);
  registers.write(0x18, 4, (1n << 31n) | (1n << 26n));
  expect([seen(DEVICE, [3]), hand.read(IQH)]).toEqual([[0x2000], 0x10n]);
});

test("a ring moves with IQA, and each half of the tail register keeps the other", () => {
  const { hand, mapTo, seen } = shared();
  seen(DEVICE, [3]);
  mapTo(0x2000);
  const other = hand.table();
  hand.put(other, 0, page(5, 3, 0)[0]);
  hand.put(other, 1, page(5, 3, 0)[1]);
  hand.write(0x90, BigInt(other) << 12n);
  hand.unit.registers.write(0x88, 4, 0x10n);
  expect(seen(DEVICE, [3])).toEqual([0x2000]);
  hand.unit.registers.write(0x8c, 4, 0xffn);
  expect(hand.read(0x88)).toBe(0x10n);
});
