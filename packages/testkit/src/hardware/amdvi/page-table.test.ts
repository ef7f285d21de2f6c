import { describe, expect, test } from "vitest";
import { BLOCKED } from "../iommu-hardware.ts";
import { BOTH, HandBuiltAmd, PRESENT, READ, WRITE } from "./hand-built.ts";

const DEVICE = 0x18;

const indexOf = (frame: number, level: number): number =>
  Math.floor(frame / 512 ** (level - 1)) % 512;

/** Tables from `mode` down to `leafLevel` for one frame; answers the last. */
function build(hand: HandBuiltAmd, mode: number, frame: number, leafLevel: number): number {
  const top = hand.table();
  hand.attach(DEVICE, top, mode, 9);
  let table = top;
  for (let level = mode; level > leafLevel; level--) {
    const next = hand.table();
    hand.put(table, indexOf(frame, level), hand.pointer(next, level - 1));
    table = next;
  }
  return table;
}

describe.each([1, 2, 3, 4, 5, 6])("mode %i", (mode) => {
  const last = Math.min(2 ** 52, 512 ** mode) - 1;

  test("a 4 KiB page translates at both ends of the space", () => {
    for (const frame of [0, last]) {
      const hand = new HandBuiltAmd();
      hand.put(build(hand, mode, frame, 1), indexOf(frame, 1), 0x8_7654_3000n | BOTH);
      for (let time = 0; time < 2; time++)
        expect(hand.unit.translateFrame(DEVICE, frame, "write")).toBe(0x87_6543);
      expect(hand.unit.statistics).toMatchObject({ walks: 1, hits: 1, faults: 0 });
    }
  });

  test("an address above the mode's width is not present", () => {
    const hand = new HandBuiltAmd();
    hand.put(build(hand, mode, 0, 1), 0, 0x8_7654_3000n | BOTH);
    if (last + 1 === 2 ** 52) return;
    expect(hand.unit.translateFrame(DEVICE, last + 1, "read")).toBe(BLOCKED);
    expect(hand.event(0)).toEqual([(2n << 60n) | (9n << 32n) | 0x18n, BigInt(last + 1) << 12n]);
  });
});

test.each([
  { name: "2 MiB", level: 2, entry: 0x4_0020_0000n, order: 9, first: 0x40_0200 },
  { name: "1 GiB", level: 3, entry: 0x4_4000_0000n, order: 18, first: 0x44_0000 },
  { name: "8 KiB", level: 1, entry: 0x4_0000_0000n | (7n << 9n), order: 1, first: 0x40_0000 },
  { name: "16 KiB", level: 1, entry: 0x4_0000_1000n | (7n << 9n), order: 2, first: 0x40_0000 },
  { name: "1 MiB", level: 1, entry: 0x4_0007_f000n | (7n << 9n), order: 8, first: 0x40_0000 },
  { name: "4 MiB", level: 2, entry: 0x4_001f_f000n | (7n << 9n), order: 10, first: 0x40_0000 },
  { name: "512 MiB", level: 2, entry: 0x4_0fff_f000n | (7n << 9n), order: 17, first: 0x40_0000 },
  { name: "2 GiB", level: 3, entry: 0x8_3fff_f000n | (7n << 9n), order: 19, first: 0x80_0000 },
])("a $name page covers exactly its frames", ({ level, entry, order, first }) => {
  const hand = new HandBuiltAmd();
  const frame = 2 ** 20;
  const table = build(hand, 4, frame, level);
  const copies = 2 ** (order - 9 * (level - 1));
  for (let copy = 0; copy < copies; copy++)
    hand.put(table, indexOf(frame, level) + copy, entry | BOTH);
  const size = 2 ** order;
  for (const within of [0, 1, size / 2, size - 1])
    expect(hand.unit.translateFrame(DEVICE, frame + within, "read")).toBe(first + within);
  expect(hand.unit.statistics.walks).toBe(1);
  expect(hand.unit.translateFrame(DEVICE, frame + size, "read")).toBe(BLOCKED);
});

test("a pointer may skip levels, and then the skipped address bits must be zero", () => {
  const hand = new HandBuiltAmd();
  const top = hand.table();
  const leaf = hand.table();
  hand.attach(DEVICE, top, 4, 9);
  hand.put(top, 1, hand.pointer(leaf, 1));
  hand.put(leaf, 5, 0x7000n | BOTH);
  expect(hand.unit.translateFrame(DEVICE, 2 ** 27 + 5, "read")).toBe(7);
  expect(hand.unit.translateFrame(DEVICE, 2 ** 27 + 512 + 5, "read")).toBe(BLOCKED);
  expect(hand.unit.translateFrame(DEVICE, 2 ** 27 + 2 ** 18 + 5, "read")).toBe(BLOCKED);
});

test("permissions of device entry, tables and page are ANDed", () => {
  for (const [device, pointer, page] of [
    [READ, READ | WRITE, READ | WRITE],
    [READ | WRITE, READ, READ | WRITE],
    [READ | WRITE, READ | WRITE, READ],
  ] as const) {
    const hand = new HandBuiltAmd();
    const top = hand.table();
    const leaf = hand.table();
    hand.putDevice(DEVICE, 3n | (2n << 9n) | (BigInt(top) << 12n) | device, 9n);
    hand.put(top, 0, (BigInt(leaf) << 12n) | (1n << 9n) | PRESENT | pointer);
    hand.put(leaf, 0, 0x7000n | PRESENT | page);
    expect(hand.unit.translateFrame(DEVICE, 0, "read")).toBe(7);
    expect(hand.unit.translateFrame(DEVICE, 0, "write")).toBe(BLOCKED);
    // PR, RW and PE.
    expect(hand.event(0)[0]).toBe((2n << 60n) | (0x70n << 48n) | (9n << 32n) | 0x18n);
  }
});

test.each([
  ["a pointer to its own level", 2, (2n << 9n) | BOTH],
  ["a pointer upwards", 2, (5n << 9n) | BOTH],
  ["reserved bits of a pointer", 2, (1n << 9n) | (1n << 52n) | BOTH],
  ["reserved bits of a page", 1, (1n << 58n) | 0x7000n | BOTH],
  ["a page size below the level's", 2, 0x7000n | (7n << 9n) | BOTH],
  ["a page size above the level's", 1, 0x00ff_f000n | (7n << 9n) | BOTH],
  ["address bits below an uncoded page's size", 2, 0x1000n | BOTH],
] as const)("%s is a fault with PR and RZ", (_, level, entry) => {
  const hand = new HandBuiltAmd();
  hand.put(build(hand, 2, 0, level), 0, entry);
  expect(hand.unit.translateFrame(DEVICE, 0, "read")).toBe(BLOCKED);
  expect(hand.event(0)[0]).toBe((2n << 60n) | (0x90n << 48n) | (9n << 32n) | 0x18n);
});
