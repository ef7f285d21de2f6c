import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { type MemoryArea, MemoryTable } from "./memory-table.ts";

interface Range {
  readonly start: number;
  readonly end: number;
}

const SPACE = 120;
const range = fc
  .tuple(fc.integer({ min: 0, max: SPACE - 1 }), fc.integer({ min: 1, max: 12 }))
  .map(([start, length]): Range => ({ start, end: start + length }));
const kind = fc.constantFrom("add", "remove", "use", "release");
const operation = fc.record({ kind, range });

const meet = (a: Range, b: Range): boolean => a.start < b.end && b.start < a.end;

/** The table beside a list of areas, each with its expected count. */
class Pair {
  readonly table = new MemoryTable();
  readonly expected = new Map<MemoryArea, number>();
  readonly held: Range[] = [];

  meeting(r: Range): MemoryArea[] {
    return [...this.expected.keys()].filter((area) => meet(area, r));
  }
  add(r: Range): void {
    const free = this.meeting(r).length === 0;
    const made = this.table.add(r.start, r.end);
    expect(made !== undefined).toBe(free);
    // What was in use before it was an area is in use now: a registration of memory yet to come.
    if (made !== undefined) this.expected.set(made, this.held.filter((h) => meet(h, r)).length);
  }
  remove(): void {
    const unused = [...this.expected].find(([, uses]) => uses === 0)?.[0];
    if (unused === undefined) return;
    this.table.remove(unused);
    this.expected.delete(unused);
  }
  change(r: Range, by: 1 | -1): void {
    this.table.use(r.start, r.end, by);
    for (const area of this.meeting(r))
      this.expected.set(area, (this.expected.get(area) ?? 0) + by);
  }
  use(r: Range): void {
    this.change(r, 1);
    this.held.push(r);
  }
  release(): void {
    const last = this.held.pop();
    if (last !== undefined) this.change(last, -1);
  }
  check(r: Range): void {
    for (const [area, uses] of this.expected) expect(area.uses).toBe(uses);
    expect(this.table.size).toBe(this.expected.size);
    let covered = true;
    for (let frame = r.start; frame < r.end; frame++)
      covered &&= this.meeting({ start: frame, end: frame + 1 }).length > 0;
    expect(this.table.covers(r.start, r.end)).toBe(covered);
  }
}

describe("MemoryTable against a list", () => {
  test.prop([fc.array(operation, { maxLength: 200, size: "max" })])(
    "behavior: disjoint areas, exact counts, exact cover",
    (operations) => {
      const pair = new Pair();
      for (const step of operations) {
        if (step.kind === "add") pair.add(step.range);
        else if (step.kind === "remove") pair.remove();
        else if (step.kind === "use") pair.use(step.range);
        else pair.release();
        pair.check(step.range);
      }
    },
  );
});
