import { describe, expect, test } from "vitest";
import { judge, type Limit, type Verdict } from "./judge.ts";
import { parseSamples, type Samples } from "./samples.ts";

const ROUNDS = 60;

/** Times around `middle`; `noise` is how far they swing, as a fraction. */
function times(middle: number, noise: number, shift = 0): number[] {
  return Array.from({ length: ROUNDS }, (_, round) => {
    const swing = Math.sin((round + shift) * 12.9898) * noise;
    return middle * (1 + swing);
  });
}

interface World {
  readonly ratio: number;
  readonly noise?: number;
  readonly control?: number;
}

function samples({ ratio, noise = 0.01, control = 1.25 }: World): Samples {
  return {
    series: "x",
    base: "c",
    operations: 10,
    measured: times(100 * ratio, noise, 1),
    baseTimes: times(100, noise, 2),
    again: times(100, noise, 3),
    control: times(100 * ratio * control, noise, 4),
  };
}

function verdict(world: World, limit: Limit): Verdict {
  return judge(samples(world), limit).verdict;
}

describe("judge", () => {
  test("default: medians, ratio, interval and the control", () => {
    const result = judge(samples({ ratio: 2 }), { ratio: 3 });
    expect(result.ratio).toBeCloseTo(2, 1);
    expect(result.median).toBeCloseTo(200, -1);
    expect(result.ratioInterval.low).toBeLessThanOrEqual(result.ratio);
    expect(result.ratioInterval.high).toBeGreaterThanOrEqual(result.ratio);
    expect(result.control).toMatchObject({ noticed: true });
    expect(result.smallestEffect).toBeLessThan(0.05);
    expect(result.rounds).toBe(ROUNDS);
  });

  test.each<[World, Limit, Verdict]>([
    [{ ratio: 1.1 }, { ratio: 1.3 }, "met"],
    [{ ratio: 1.6 }, { ratio: 1.3 }, "missed"],
    [{ ratio: 1.3 }, { ratio: 1.3 }, "undecided"],
    [{ ratio: 1 }, { nanoseconds: 200 }, "met"],
    [{ ratio: 3 }, { nanoseconds: 200 }, "missed"],
    [{ ratio: 1 }, {}, "measured"],
  ])("default: %o held to %o is %s", (world, limit, expected) => {
    expect(verdict(world, limit)).toBe(expected);
  });

  test("rule: without a control that is noticed there is no verdict, however good the ratio", () => {
    expect(verdict({ ratio: 1, control: 1 }, { ratio: 1.3 })).toBe("blind");
    expect(verdict({ ratio: 1, control: 1.1, noise: 0.9 }, { ratio: 1.3 })).toBe("blind");
  });

  test("rule: a limit within the noise decides nothing", () => {
    const result = judge(samples({ ratio: 1.25, noise: 0.6, control: 4 }), { ratio: 1.3 });
    expect(result.verdict).toBe("undecided");
    expect(result.smallestEffect).toBeGreaterThan(0.04);
  });

  test("behavior: too few rounds decide nothing", () => {
    const few = samples({ ratio: 1 });
    const cut = (all: readonly number[]): readonly number[] => all.slice(0, 4);
    const { measured, baseTimes, again, control } = few;
    const world = {
      ...few,
      measured: cut(measured),
      baseTimes: cut(baseTimes),
      again: cut(again),
      control: cut(control),
    };
    expect(judge(world, { ratio: 10 }).verdict).toBe("blind");
  });
});

describe("parseSamples", () => {
  const good = { ...samples({ ratio: 1 }) };

  test("default: a report is read as it was written", () => {
    expect(parseSamples(JSON.parse(JSON.stringify(good)))).toEqual(good);
  });

  test.each([
    ["no series", { series: 1 }],
    ["no base", { base: "d" }],
    ["no rounds", { measured: [] }],
    ["a time that is none", { control: [1, null] }],
    ["no times", { again: "1,2" }],
  ])("error: %s is no report", (_, change) => {
    expect(parseSamples({ ...good, ...change })).toBeUndefined();
  });
});
