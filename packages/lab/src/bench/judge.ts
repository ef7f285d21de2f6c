// From samples to a result: medians, ratios, the smallest effect that could have been seen, a verdict.
//
// A harness that never showed that it can see a slowdown proves nothing by passing, so every series
// has a control that is slower on purpose, and no verdict is given where it went unnoticed.

import type { Base, Samples } from "./samples.ts";
import { type Interval, median, medianInterval, quartiles, ratios, reach } from "./statistics.ts";

/** What a series is held to; at most one of them. */
export interface Limit {
  readonly ratio?: number;
  readonly nanoseconds?: number;
}

/**
 * `met` and `missed` are certain at 95 %. `undecided`: the limit lies within the noise. `blind`: the
 * slower control went unnoticed, so nothing can be said. `measured`: there is no limit.
 */
export type Verdict = "met" | "missed" | "undecided" | "blind" | "measured";

export interface SeriesResult {
  readonly series: string;
  readonly base: Base;
  readonly rounds: number;
  readonly operations: number;
  /** Nanoseconds of one operation, and its middle half. */
  readonly median: number;
  readonly spread: Interval;
  readonly baseMedian: number;
  /** Median of the rounds' ratios to the base, and its 95 % interval. */
  readonly ratio: number;
  readonly ratioInterval: Interval;
  /** As a fraction: a change smaller than this could not be told from noise. */
  readonly smallestEffect: number;
  /** The control against the measured thing. */
  readonly control: { readonly ratio: number; readonly noticed: boolean };
  readonly limit: Limit;
  readonly verdict: Verdict;
}

export function judge(samples: Samples, limit: Limit = {}): SeriesResult {
  const { measured, baseTimes, again, control } = samples;
  const toBase = ratios(measured, baseTimes);
  const ratio = median(toBase);
  const ratioInterval = medianInterval(toBase);
  const smallestEffect = Math.max(
    reach(medianInterval(ratios(again, baseTimes))),
    reach(ratioInterval, ratio),
  );
  const slower = ratios(control, measured);
  const noticed = medianInterval(slower).low > 1 + smallestEffect;
  return {
    series: samples.series,
    base: samples.base,
    rounds: measured.length,
    operations: samples.operations,
    median: median(measured),
    spread: quartiles(measured),
    baseMedian: median(baseTimes),
    ratio,
    ratioInterval,
    smallestEffect,
    control: { ratio: median(slower), noticed },
    limit,
    verdict: noticed ? verdictOf(samples, limit, smallestEffect) : "blind",
  };
}

function verdictOf(samples: Samples, limit: Limit, smallestEffect: number): Verdict {
  const { measured, baseTimes } = samples;
  if (limit.ratio !== undefined)
    return against(ratios(measured, baseTimes), limit.ratio, smallestEffect);
  if (limit.nanoseconds !== undefined) return against(measured, limit.nanoseconds, smallestEffect);
  return "measured";
}

/** Certain only if the interval lies on one side of the limit, and farther from it than the noise. */
function against(values: readonly number[], limit: number, smallestEffect: number): Verdict {
  const { low, high } = medianInterval(values);
  const middle = median(values);
  if (high <= limit && middle * (1 + smallestEffect) <= limit) return "met";
  if (low > limit && middle > limit * (1 + smallestEffect)) return "missed";
  return "undecided";
}
