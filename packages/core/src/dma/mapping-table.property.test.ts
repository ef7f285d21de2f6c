import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { MappingTable } from "./mapping-table.ts";

interface Entry {
  start: number;
  end: number;
  host: number;
}

/** The same operations in obvious lines: a sorted array and nothing else. */
class Model {
  entries: Entry[] = [];
  overlaps(start: number, end: number): boolean {
    return this.entries.some((e) => e.start < end && start < e.end);
  }
  insert(entry: Entry): void {
    this.entries.push(entry);
    this.entries.sort((a, b) => a.start - b.start);
  }
  remove(start: number): boolean {
    const at = this.entries.findIndex((e) => e.start === start);
    if (at >= 0) this.entries.splice(at, 1);
    return at >= 0;
  }
  findFree(from: number, to: number, frames: number, alignment: number): number {
    for (let at = Math.ceil(from / alignment) * alignment; at + frames <= to; at += alignment)
      if (!this.overlaps(at, at + frames)) return at;
    return -1;
  }
}

const frame = fc.integer({ min: 0, max: 2000 });
const length = fc.integer({ min: 1, max: 9 });
const operation = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("insert" as const), frame, length }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("remove" as const), frame, length }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("place" as const),
      frame,
      length,
      alignment: fc.constantFrom(1, 1, 2, 8, 64),
    }),
  },
);

describe("MappingTable against a sorted array", () => {
  test.prop([fc.array(operation, { minLength: 1, maxLength: 1500, size: "max" })], {
    numRuns: 60,
  })("behavior: same entries, same overlaps, same lowest free range", (operations) => {
    const table = new MappingTable();
    const model = new Model();
    for (const op of operations) {
      if (op.kind === "remove") {
        const known = model.entries[op.frame % Math.max(1, model.entries.length)];
        const start = known?.start ?? op.frame;
        expect(table.remove(start)).toBe(model.remove(start));
        continue;
      }
      const start =
        op.kind === "insert" ? op.frame : table.findFree(op.frame, 2100, op.length, op.alignment);
      if (op.kind === "place")
        expect(start).toBe(model.findFree(op.frame, 2100, op.length, op.alignment));
      if (start < 0) continue;
      const end = start + op.length;
      expect(table.overlaps(start, end)).toBe(model.overlaps(start, end));
      if (model.overlaps(start, end)) continue;
      table.insert(start, end, start * 3, 3);
      model.insert({ start, end, host: start * 3 });
    }
    expect(table.count).toBe(model.entries.length);
    expect(
      [...table.range(0, 2 ** 52)].map(({ start, end, host }) => ({ start, end, host })),
    ).toEqual(model.entries);
    for (let at = 0; at < 2100; at += 7) {
      const expected = model.entries.find((e) => e.start <= at && at < e.end);
      expect(table.find(at)?.start).toBe(expected?.start);
      const within = model.entries.filter((e) => e.start < at + 20 && at < e.end);
      expect([...table.range(at, at + 20)].map((e) => e.start)).toEqual(within.map((e) => e.start));
    }
  });

  test.prop([fc.integer({ min: 200, max: 2000 }), fc.integer({ min: 2, max: 7 })], { numRuns: 30 })(
    "behavior: gaps that are large enough but misaligned, more of them than its patience",
    (holes, room) => {
      const table = new MappingTable();
      // Gaps of `room` frames that begin one frame after each multiple of 8: nothing aligned to 8 fits.
      for (let i = 0; i < holes; i++) table.insert(i * 8 + room, i * 8 + 9, 0, 3);
      table.remove(room);
      table.insert(0, 9, 0, 3);
      const end = holes * 8 + 1;
      const expected = Math.ceil(end / 8) * 8;
      expect(table.findFree(0, 2 ** 30, room, 8)).toBe(expected);
      expect(table.findFree(0, expected + room - 1, room, 8)).toBe(-1);
      // Now one gap in the middle that fits, with the tail closed: it must be found all the same.
      const middle = Math.floor(holes / 2);
      table.remove(middle * 8 + room);
      table.insert(expected, expected + 1_000_000, 0, 3);
      expect(table.findFree(0, expected + 1_000_000, room, 8)).toBe(found(table, room, expected));
    },
  );

  test("edge: the last frame of 64 bits", () => {
    const table = new MappingTable();
    const limit = 2 ** 52;
    table.insert(limit - 1, limit, 5, 1);
    expect(table.find(limit - 1)?.host).toBe(5);
    expect(table.overlaps(limit - 2, limit - 1)).toBe(false);
    expect(table.findFree(limit - 3, limit, 2, 1)).toBe(limit - 3);
    expect(table.findFree(limit - 3, limit, 3, 1)).toBe(-1);
  });
});

/** The lowest aligned range by trying each. */
function found(table: MappingTable, frames: number, to: number): number {
  for (let at = 0; at + frames <= to; at += 8) if (!table.overlaps(at, at + frames)) return at;
  return -1;
}
