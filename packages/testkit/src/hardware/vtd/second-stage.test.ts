import { describe, expect, test } from "vitest";
import { BLOCKED } from "../iommu-hardware.ts";
import { HandBuiltVtd, indexOf } from "./hand-built.ts";

const DEVICE = 0x18;
const PAGE_SIZE = 0x80n;

const DEPTHS = [
  { addressWidth: 39, width: 1, levels: 3 },
  { addressWidth: 48, width: 2, levels: 4 },
  { addressWidth: 57, width: 3, levels: 5 },
] as const;
const PAGES = [
  { size: "4 KiB", leafLevel: 1, physical: 0x12_3456 },
  { size: "2 MiB", leafLevel: 2, physical: 0x12_3400 },
  { size: "1 GiB", leafLevel: 3, physical: 0x10_0000 },
] as const;

describe.each(DEPTHS)("$addressWidth bits", ({ addressWidth, width, levels }) => {
  const places = [0, 0x10_0000 - 1, 2 ** (addressWidth - 12) - 1];

  test.each(PAGES)("a $size page translates at both ends of the space", (page) => {
    for (const iova of places) {
      const hand = new HandBuiltVtd({ addressWidth });
      const top = hand.table();
      hand.attach(DEVICE, top, width, 5);
      const table = hand.tables(top, levels, iova, page.leafLevel);
      const bits = page.leafLevel > 1 ? 3n | PAGE_SIZE : 3n;
      hand.put(table, indexOf(iova, page.leafLevel), (BigInt(page.physical) << 12n) | bits);
      const within = iova % 512 ** (page.leafLevel - 1);
      // Once by a walk, once from the IOTLB.
      for (let time = 0; time < 2; time++)
        expect(hand.unit.translateFrame(DEVICE, iova, "read")).toBe(page.physical + within);
      expect(hand.unit.statistics).toMatchObject({ walks: 1, hits: 1, faults: 0 });
    }
  });

  test("an address beyond the levels is not taken for one within them", () => {
    const hand = new HandBuiltVtd({ addressWidth });
    const top = hand.table();
    hand.attach(DEVICE, top, width, 5);
    hand.put(hand.tables(top, levels, 0, 1), 0, 0x12_3456_7003n);
    expect(hand.unit.translateFrame(DEVICE, 0, "read")).toBe(0x12_34567);
    expect(hand.unit.translateFrame(DEVICE, 2 ** (addressWidth - 12), "read")).toBe(BLOCKED);
    expect(hand.unit.lastFault).toMatchObject({ code: 4, address: 1n << BigInt(addressWidth) });
  });

  test("permissions of every level are ANDed", () => {
    for (let level = 1; level <= levels; level++)
      for (const bits of [1n, 2n, 3n]) {
        const hand = new HandBuiltVtd({ addressWidth });
        const top = hand.table();
        hand.attach(DEVICE, top, width, 5);
        const leaf = hand.tables(top, levels, 7, 1);
        hand.put(leaf, 7, (0x12_3456n << 12n) | 3n);
        let table = top;
        for (let at = levels; at > level; at--) table = hand.memory.load32(table, 0) >>> 12;
        const index = level === 1 ? 7 : 0;
        const entry = BigInt(hand.memory.load32(table, 2 * index)) & ~3n;
        const high = BigInt(hand.memory.load32(table, 2 * index + 1)) << 32n;
        hand.put(table, index, high | entry | bits);
        const read = (bits & 1n) !== 0n ? 0x12_3456 : BLOCKED;
        const write = (bits & 2n) !== 0n ? 0x12_3456 : BLOCKED;
        expect(hand.unit.translateFrame(DEVICE, 7, "read"), `level ${level}`).toBe(read);
        expect(hand.unit.translateFrame(DEVICE, 7, "write"), `level ${level}`).toBe(write);
      }
  });
});

test("a table of a shallower width than the unit's limits the domain", () => {
  const hand = new HandBuiltVtd({ addressWidth: 48 });
  const top = hand.table();
  hand.attach(DEVICE, top, 1, 5);
  hand.put(hand.tables(top, 3, 0, 1), 0, 0x12_3456_7003n);
  expect(hand.unit.translateFrame(DEVICE, 0, "read")).toBe(0x1234567);
  expect(hand.unit.translateFrame(DEVICE, 2 ** 27, "read")).toBe(BLOCKED);
  expect(hand.unit.lastFault).toMatchObject({ code: 4, address: 1n << 39n });
});

test("ignored bits of an entry do not matter", () => {
  const hand = new HandBuiltVtd();
  const top = hand.table();
  hand.attach(DEVICE, top, 1, 5);
  // Bits 63..52 and 10..2 of a 4 KiB entry (SNP, bit 11, needs snoop control).
  hand.put(hand.tables(top, 3, 0, 1), 0, 0xfff0_0000_1234_57ffn);
  expect(hand.unit.translateFrame(DEVICE, 0, "write")).toBe(0x12345);
});

test("page tables may lie in data memory", () => {
  const hand = new HandBuiltVtd();
  const data = hand.memory.allocate(1, "contiguous");
  const frame = data.runs[0]?.firstFrame ?? 0;
  const top = hand.table();
  const middle = hand.table();
  hand.attach(DEVICE, top, 1, 5);
  hand.put(top, 0, (BigInt(middle) << 12n) | 3n);
  hand.put(middle, 0, (BigInt(frame) << 12n) | 3n);
  new DataView(data.bytes.buffer).setBigUint64(8 * 5, 0x7_6543_2003n, true);
  expect(hand.unit.translateFrame(DEVICE, 5, "write")).toBe(0x76_5432);
});

test.each([
  { levels: 3, width: 1 },
  { levels: 4, width: 2 },
])("a top table far above 4 GiB is not the one that $levels levels have in memory", (depth) => {
  const { levels, width } = depth;
  const hand = new HandBuiltVtd({ addressWidth: 48 });
  const top = hand.table();
  hand.put(hand.tables(top, levels, 7, 1), 7, 0x12_3456_7003n);
  // The same low bits of the frame number, and nothing there: 16 GiB and more above.
  for (const above of [2 ** 20, 2 ** 22, 2 ** 32]) {
    hand.attach(DEVICE, top + above, width, 5);
    hand.invalidate([0x11n, 0n]);
    expect(hand.unit.translateFrame(DEVICE, 7, "read"), `${above}`).toBe(BLOCKED);
  }
  hand.attach(DEVICE, top, width, 5);
  hand.invalidate([0x11n, 0n]);
  expect(hand.unit.translateFrame(DEVICE, 7, "read")).toBe(0x12_34567);
});
