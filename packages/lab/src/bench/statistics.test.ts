import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { median, medianInterval, quantile, quartiles, ratios, reach } from "./statistics.ts";

describe("quantile", () => {
  test("default: between two values it is on the line between them", () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([10, 20, 30], 0.25)).toBe(15);
    expect(quantile([7], 0.9)).toBe(7);
    expect(quartiles([1, 2, 3, 4, 5])).toEqual({ low: 2, high: 4 });
  });

  test("edge: of nothing it is not a number", () => {
    expect(median([])).toBeNaN();
  });

  property.prop([fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 })])(
    "behavior: as many values lie above the median as below, and the input keeps its order",
    (values) => {
      const before = [...values];
      const middle = median(values);
      expect(values).toEqual(before);
      const above = values.filter((value) => value > middle).length;
      const below = values.filter((value) => value < middle).length;
      expect(Math.max(above, below)).toBeLessThanOrEqual(values.length / 2);
    },
  );
});

describe("medianInterval", () => {
  test("default: 60 values give the 22nd to the 39th", () => {
    const values = Array.from({ length: 60 }, (_, i) => i + 1);
    expect(medianInterval(values)).toEqual({ low: 22, high: 39 });
  });

  test("edge: five values say nothing with 95 % certainty", () => {
    const { low, high } = medianInterval([1, 2, 3, 4, 5]);
    expect([low, high]).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
  });

  test("behavior: it holds the true median in about 95 of 100 samples", () => {
    let state = 12_345;
    const random = (): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
      return state / 0x7fff_ffff;
    };
    // A long tail, as times have: the median of -log(u) is log 2.
    const holds = Array.from({ length: 2000 }, () => {
      const sample = Array.from({ length: 60 }, () => -Math.log(1 - random() * 0.999_999));
      const { low, high } = medianInterval(sample);
      return low <= Math.LN2 && Math.LN2 <= high;
    }).filter(Boolean).length;
    expect(holds / 2000).toBeGreaterThan(0.93);
  });
});

describe("ratios", () => {
  test("default: round by round", () => {
    expect(ratios([2, 6], [1, 2])).toEqual([2, 3]);
  });

  test("edge: a round without a divisor is left out", () => {
    expect(ratios([2, 6, 8], [1, 0])).toEqual([2]);
  });

  test("default: reach is the farther end", () => {
    expect(reach({ low: 0.9, high: 1.05 })).toBeCloseTo(0.1);
    expect(reach({ low: 1.9, high: 2.2 }, 2)).toBeCloseTo(0.1);
  });
});
