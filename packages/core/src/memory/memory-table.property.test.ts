import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { type MemoryArea, MemoryTable } from "./memory-table.ts";

const SPACE = 120;
const range = fc
  .tuple(fc.integer({ min: 0, max: SPACE - 1 }), fc.integer({ min: 1, max: 12 }))
  .map(([start, length]) => ({ start, end: start + length }));
const operation = fc.record({ kind: fc.constantFrom("add", "remove", "use", "release"), range });

describe("MemoryTable against a page of counters", () => {
  test.prop([fc.array(operation, { maxLength: 200, size: "max" })])(
    "behavior: disjoint areas, exact counts, exact cover",
    (operations) => {
      const table = new MemoryTable();
      const areas: MemoryArea[] = [];
      const uses = new Map<MemoryArea, number>();
      const held: { start: number; end: number }[] = [];
      for (const { kind, range: r } of operations) {
        const meets = areas.filter((a) => a.start < r.end && r.start < a.end);
        if (kind === "add") {
          const made = table.add(r.start, r.end);
          expect(made === undefined).toBe(meets.length > 0);
          if (made !== undefined) {
            areas.push(made);
            uses.set(made, 0);
          }
        } else if (kind === "remove" && areas[0] !== undefined && uses.get(areas[0]) === 0) {
          table.remove(areas[0]);
          areas.shift();
        } else if (kind === "use") {
          table.use(r.start, r.end, 1);
          held.push(r);
          for (const area of meets) uses.set(area, (uses.get(area) ?? 0) + 1);
        } else if (kind === "release" && held.length > 0) {
          const last = held.pop() ?? r;
          const now = areas.filter((a) => a.start < last.end && last.start < a.end);
          // Only what existed when it was taken can be given back: areas in use are not removed.
          if (now.some((area) => (uses.get(area) ?? 0) === 0)) continue;
          table.use(last.start, last.end, -1);
          for (const area of now) uses.set(area, (uses.get(area) ?? 0) - 1);
        }
        for (const area of areas) expect(area.uses).toBe(uses.get(area));
        expect(table.size).toBe(areas.length);
        const whole = Array.from({ length: r.end - r.start }, (_, i) => r.start + i).every(
          (frame) => areas.some((a) => a.start <= frame && frame < a.end),
        );
        expect(table.covers(r.start, r.end)).toBe(whole);
      }
    },
  );
});
