import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { MappingTable } from "./mapping-table.ts";

interface Entry {
  readonly start: number;
  readonly end: number;
  readonly host: number;
}
interface Placement {
  readonly from: number;
  readonly to: number;
  readonly frames: number;
  readonly alignment: number;
}

/** The same operations in obvious lines: a sorted array and nothing else. */
class Model {
  readonly entries: Entry[] = [];
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
  /** Gaps between `from` and `at` that hold `frames` frames, though not at the alignment. */
  misfitsBefore(at: number, { from, frames }: Placement): number {
    const before = this.entries.filter((e) => e.end > from && e.start <= at);
    const gaps = before.map((e, i) => e.start - Math.max(from, before[i - 1]?.end ?? from));
    return gaps.filter((gap) => gap >= frames).length;
  }
  findFree({ from, to, frames, alignment }: Placement): number {
    for (let at = Math.ceil(from / alignment) * alignment; at + frames <= to; at += alignment)
      if (!this.overlaps(at, at + frames)) return at;
    return -1;
  }
}

const SPACE = 4000;
const frame = fc.integer({ min: 0, max: SPACE });
const length = fc.integer({ min: 1, max: 9 });
const alignment = fc.constantFrom(1, 1, 2, 8, 64);
const insert = fc.record({ kind: fc.constant("insert" as const), frame, length });
const remove = fc.record({ kind: fc.constant("remove" as const), frame });
const place = fc.record({ kind: fc.constant("place" as const), frame, length, alignment });
const operation = fc.oneof(
  { weight: 6, arbitrary: insert },
  { weight: 3, arbitrary: remove },
  { weight: 3, arbitrary: place },
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

function step(table: MappingTable, model: Model, op: Operation): void {
  if (op.kind === "remove") {
    const known = model.entries[op.frame % Math.max(1, model.entries.length)];
    const start = known?.start ?? op.frame;
    expect(table.take(start)).toBe(model.remove(start) ? start * 3 : -1);
    again(table, model, start);
    return;
  }
  if (op.kind === "insert") {
    put(table, model, op.frame, op.length);
    return;
  }
  const search = { from: op.frame, to: SPACE, frames: op.length, alignment: op.alignment };
  const at = table.findFree(search);
  const lowest = model.findFree(search);
  // After 64 gaps that were large enough and did not fit, a gap that fits for sure is good enough.
  if (at !== lowest) expect(model.misfitsBefore(lowest, search)).toBeGreaterThan(64);
  expect(at < 0).toBe(lowest < 0);
  if (at >= 0) expect(at % op.alignment).toBe(0);
  if (at >= 0) put(table, model, at, op.length);
}

function put(table: MappingTable, model: Model, start: number, frames: number): void {
  const end = start + frames;
  expect(table.overlaps(start, end)).toBe(model.overlaps(start, end));
  if (model.overlaps(start, end)) return;
  table.insert(start, end, start * 3, 3);
  model.insert({ start, end, host: start * 3 });
  again(table, model, start);
}

/** Where the last change was, the table answers from what it remembers. */
function again(table: MappingTable, model: Model, start: number): void {
  expect(table.overlaps(start, start + 1)).toBe(model.overlaps(start, start + 1));
  const entry = model.entries.find((each) => each.start === start);
  expect(table.tagOf(start, entry?.end ?? start + 1)).toBe(entry === undefined ? -1 : 3);
}

function compare(table: MappingTable, model: Model): void {
  expect(table.count).toBe(model.entries.length);
  const all = [...table.range(0, 2 ** 52)].map(({ start, end, host }) => ({ start, end, host }));
  expect(all).toEqual(model.entries);
  for (let at = 0; at < SPACE; at += 13) {
    const covering = model.entries.find((e) => e.start <= at && at < e.end);
    expect(table.find(at)?.start).toBe(covering?.start);
    const within = model.entries.filter((e) => e.start < at + 20 && at < e.end);
    expect([...table.range(at, at + 20)].map((e) => e.start)).toEqual(within.map((e) => e.start));
  }
}

describe("MappingTable against a sorted array", () => {
  test.prop([fc.array(operation, { minLength: 1, maxLength: 2000, size: "max" })], { numRuns: 60 })(
    "behavior: same entries, same overlaps, same lowest free range",
    (operations) => {
      const table = new MappingTable();
      const model = new Model();
      for (const op of operations) step(table, model, op);
      compare(table, model);
    },
  );

  test.prop([fc.integer({ min: 200, max: 2000 }), fc.integer({ min: 2, max: 7 })], { numRuns: 30 })(
    "behavior: more gaps that are large enough but misaligned than its patience",
    (holes, frames) => {
      const table = new MappingTable();
      // Gaps of `frames` frames that begin one frame after a multiple of 8: nothing aligned to 8 fits.
      table.insert(0, 9, 0, 3);
      for (let i = 1; i < holes; i++) table.insert(i * 8 + 1 + frames, i * 8 + 9, 0, 3);
      const behind = holes * 8 + 8;
      const free = (to: number): number => table.findFree({ from: 0, to, frames, alignment: 8 });
      expect(free(2 ** 30)).toBe(behind);
      expect(free(behind + frames - 1)).toBe(-1);
      // One entry in the middle goes, and the space behind is taken: its gap is the only one that fits.
      const middle = Math.floor(holes / 2);
      table.take(middle * 8 + 1 + frames);
      table.insert(behind, behind + 1_000_000, 0, 3);
      expect(free(behind + 1_000_000)).toBe(middle * 8 + 8);
    },
  );

  test("edge: the last frame of 64 bits", () => {
    const table = new MappingTable();
    const limit = 2 ** 52;
    table.insert(limit - 1, limit, 5, 1);
    expect(table.find(limit - 1)?.host).toBe(5);
    expect(table.overlaps(limit - 2, limit - 1)).toBe(false);
    const free = (frames: number): number =>
      table.findFree({ from: limit - 3, to: limit, frames, alignment: 1 });
    expect(free(2)).toBe(limit - 3);
    expect(free(3)).toBe(-1);
  });
});
