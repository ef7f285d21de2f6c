// Runs of bits, ranges of frames and plans of calls, each against a set of page numbers.

import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { bytes, iova } from "../address/address.ts";
import { bitmapBytes, orBits, setBits, toBitOrder } from "./bits.ts";
import { FrameRanges } from "./frame-ranges.ts";
import { planCalls } from "./plan.ts";
import { dirtyExtents, isDirty } from "./read-bitmap.ts";
import { DirtyReport } from "./report.ts";

/** The page numbers that are set. */
function members(bits: Uint8Array): number[] {
  return Array.from({ length: 8 * bits.length }, (_, bit) => bit).filter(
    (bit) => (((bits[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1,
  );
}

const bitmap = fc.uint8Array({ minLength: 24, maxLength: 24 });
const run = fc.record({ first: fc.nat(100), count: fc.nat(90) });

describe("bits against a set", () => {
  test.prop([bitmap, run])("setBits sets the run and no other", (before, { first, count }) => {
    const bits = before.slice();
    setBits(bits, first, count);
    const expected = new Set(members(before));
    for (let bit = first; bit < first + count; bit++) expected.add(bit);
    expect(members(bits)).toEqual([...expected].sort((a, b) => a - b));
  });

  test.prop([bitmap, bitmap, run, fc.nat(100)])(
    "orBits moves the run to where it is asked, and ors nothing else",
    (before, source, { first, count }, from) => {
      const bits = before.slice();
      orBits(bits, first, count, { bits: source, first: from });
      const expected = new Set(members(before));
      for (const bit of members(source))
        if (bit >= from && bit < from + count) expected.add(bit - from + first);
      expect(members(bits)).toEqual([...expected].sort((a, b) => a - b));
    },
  );

  test("behavior: page numbers above 2^31 and bitmaps in whole words", () => {
    expect(bitmapBytes(2 ** 31)).toBe(2 ** 28);
    expect([0, 1, 64, 65].map(bitmapBytes)).toEqual([0, 8, 8, 16]);
  });

  test("behavior: a big-endian kernel's words are turned, a little-endian one's are not", () => {
    const words = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0, 0, 0, 0, 10);
    const turned = words.slice();
    toBitOrder("little", turned);
    expect(turned).toEqual(words);
    toBitOrder("big", turned);
    expect([...turned]).toEqual([8, 7, 6, 5, 4, 3, 2, 1, 10, 0, 0, 0, 0, 0, 0, 9]);
  });
});

describe("FrameRanges against a set", () => {
  const step = fc.record({
    add: fc.boolean(),
    start: fc.nat(60),
    length: fc.nat(20),
  });

  test.prop([fc.array(step, { maxLength: 40 }), run])(
    "the same frames, disjoint, in order, never touching",
    (steps, { first, count }) => {
      const ranges = new FrameRanges();
      const expected = new Set<number>();
      for (const { add, start, length } of steps) {
        if (add) ranges.add(start, start + length);
        else ranges.remove(start, start + length);
        for (let frame = start; frame < start + length; frame++)
          if (add) expected.add(frame);
          else expected.delete(frame);
      }
      const frames = ranges.all.flatMap(({ start, end }) => range(start, end));
      expect(frames).toEqual([...expected].sort((a, b) => a - b));
      for (const [i, { start }] of ranges.all.entries())
        expect(start).toBeGreaterThan(ranges.all[i - 1]?.end ?? -1);
      const within = ranges
        .within(first, first + count)
        .flatMap(({ start, end }) => range(start, end));
      expect(within).toEqual(frames.filter((frame) => frame >= first && frame < first + count));
    },
  );

  test("behavior: past its limit it becomes one range that holds all", () => {
    const ranges = new FrameRanges(3);
    for (const start of [10, 20, 30]) ranges.add(start, start + 1);
    expect(ranges.all).toHaveLength(3);
    ranges.add(40, 41);
    expect(ranges.all).toEqual([{ start: 10, end: 41 }]);
    const copy = ranges.copy();
    ranges.clear();
    expect([ranges.all, copy.all.length]).toEqual([[], 1]);
  });
});

describe("plans", () => {
  const lengths = fc.array(fc.record({ gap: fc.nat(6), pages: fc.integer({ min: 1, max: 9 }) }));

  test.prop([lengths, fc.integer({ min: 9, max: 40 }), fc.integer({ min: 1, max: 40 })])(
    "every mapping once, in order, none cut, no call above the limit",
    (shape, most, preferred) => {
      let at = 0;
      const entries = shape.map(({ gap, pages }) => {
        const start = at + gap;
        at = start + pages;
        return { start, end: at, host: 0, tag: 3 };
      });
      const calls = planCalls(entries, { most, preferred });
      expect(calls.flatMap((call) => call.entries)).toEqual(entries);
      for (const { start, end, entries: inside } of calls) {
        expect(end - start).toBeLessThanOrEqual(most);
        if (inside.length > 1) expect(end - start).toBeLessThanOrEqual(preferred);
        expect([start, end]).toEqual([inside[0]?.start, inside.at(-1)?.end]);
      }
    },
  );

  test("error: a mapping that no bitmap holds", () => {
    const plan = (): unknown =>
      planCalls([{ start: 0, end: 65, host: 0, tag: 3 }], { most: 64, preferred: 8 });
    expect(plan).toThrow(expect.objectContaining({ code: "not-offered" }));
  });
});

describe("reading a bitmap", () => {
  test.prop([bitmap, fc.integer({ min: 1, max: 192 }), fc.constantFrom(4096, 65_536)])(
    "extents and single pages are the set bits",
    (bits, pages, pageSize) => {
      const at = iova(2n ** 52n);
      const size = bytes(pages * pageSize);
      const read = { iova: at, size, pageSize, bits, unknown: [] };
      const expected = members(bits).filter((page) => page < pages);
      const page = (value: bigint): number => Number((value - at) / BigInt(pageSize));
      const runs = [...dirtyExtents(read)];
      expect(runs.flatMap((one) => range(page(one.iova), page(one.iova + one.size)))).toEqual(
        expected,
      );
      const single = range(0, pages).filter((each) =>
        isDirty(read, iova(at + BigInt(each * pageSize) + 7n)),
      );
      expect(single).toEqual(expected);
      expect(isDirty(read, iova(at - 1n)) || isDirty(read, iova(at + size))).toBe(false);
    },
  );
});

test("behavior: a report takes bits of its mappings alone, in pages of the tracking size", () => {
  const pageSize = 65_536;
  const entries = [
    { start: 32, end: 64, host: 0, tag: 3 },
    { start: 96, end: 112, host: 0, tag: 3 },
  ];
  const report = new DirtyReport({ iova: iova(0), size: bytes(8 * pageSize) }, pageSize, entries);
  report.add(32, entries, new Uint8Array(8).fill(0xff));
  expect(members(report.finish([]).bits)).toEqual([2, 3, 6]);
});

function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, i) => start + i);
}
