import { describe, expect, test } from "vitest";
import { SharedRanges } from "./shared-ranges.ts";

describe("rule ME5: ranges of several containers are the same or disjoint", () => {
  test("the same range is shared until its last owner gives it back", () => {
    const ranges = new SharedRanges();
    expect(ranges.take(10, 20)).toBe(true);
    expect(ranges.take(10, 20)).toBe(true);
    ranges.give(10, 20);
    expect(ranges.take(15, 25)).toBe(false);
    ranges.give(10, 20);
    expect(ranges.take(15, 25)).toBe(true);
  });

  test.each([
    [10, 19],
    [11, 20],
    [0, 11],
    [19, 30],
    [0, 30],
    [12, 13],
  ])("%d..%d meets 10..20 and is refused, and nothing changes", (start, end) => {
    const ranges = new SharedRanges();
    ranges.take(10, 20);
    expect(ranges.take(start, end)).toBe(false);
    ranges.give(start, end);
    ranges.give(10, 20);
    expect(ranges.take(start, end)).toBe(true);
  });

  test("neighbours do not meet", () => {
    const ranges = new SharedRanges();
    ranges.take(10, 20);
    expect([ranges.take(0, 10), ranges.take(20, 30)]).toEqual([true, true]);
  });
});
