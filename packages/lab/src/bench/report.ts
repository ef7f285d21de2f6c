// Results of benchmarks, as a line of JSON for programs and as a few lines for people.

import type { Terminal } from "../report/terminal.ts";
import type { Clock } from "./catalogue.ts";
import type { SeriesResult, Verdict } from "./judge.ts";
import type { Base } from "./samples.ts";
import type { Interval } from "./statistics.ts";

/** The names of a base's time and of the ratio to it, and the base in a sentence. */
const BASES = {
  c: { time: "c", key: "ratioToC", words: "C" },
  yardstick: { time: "yardstick", key: "ratioToYardstick", words: "the yardstick" },
  fewest: { time: "amongFewest", key: "growth", words: "the same among the fewest" },
} as const satisfies Record<Base, object>;

/** What was measured where, by which clock. */
export interface Place {
  readonly name: string;
  readonly target: string;
  readonly clock: Clock;
}

/** One series as programs get it; nanoseconds of one operation, or its instructions. */
export function resultJson({ name, target, clock }: Place, result: SeriesResult): object {
  const { base, baseMedian, ratio, ratioInterval, control } = result;
  const shared = {
    name,
    target,
    clock,
    series: result.series,
    median: round(result.median),
    spread: rounded(result.spread),
  };
  const { time, key } = BASES[base];
  const compared = { [time]: round(baseMedian), [key]: round(ratio) };
  return {
    ...shared,
    ...compared,
    ratioInterval: rounded(ratioInterval),
    smallestEffect: round(result.smallestEffect),
    control: { ratio: round(control.ratio), noticed: control.noticed },
    rounds: result.rounds,
    operations: result.operations,
    limit: result.limit,
    verdict: result.verdict,
  };
}

const MEANING: Readonly<Record<Verdict, string>> = {
  met: "met",
  missed: "missed",
  undecided: "undecided: the limit lies within the noise",
  blind: "no verdict: a control that is slower on purpose went unnoticed",
  measured: "no limit is set",
};

const COLOUR = {
  met: "green",
  missed: "red",
  undecided: "yellow",
  blind: "red",
  measured: "dim",
} as const satisfies Record<Verdict, string>;

export function resultText(
  { name, target, clock }: Place,
  result: SeriesResult,
  to: Terminal,
): string {
  const amount = clock === "instructions" ? instructions : duration;
  const { spread, ratioInterval, control, limit, verdict } = result;
  const than = BASES[result.base].words;
  const bound = limit.ratio ?? (limit.nanoseconds && duration(limit.nanoseconds));
  return [
    `${to.style("bold", `${name}: ${result.series}`)} on ${target}`,
    `  ${amount(result.median)}, middle half ${amount(spread.low)} to ${amount(spread.high)}`,
    `  ${figure(result.ratio)} times ${than} (${amount(result.baseMedian)}), 95 %: ${figure(ratioInterval.low)} to ${figure(ratioInterval.high)}`,
    `  effects below ${percent(result.smallestEffect)} could not be seen; a control of +${percent(control.ratio - 1)} was ${control.noticed ? "noticed" : "not noticed"}`,
    `  ${bound === undefined ? "" : `limit ${bound}: `}${to.style(COLOUR[verdict], MEANING[verdict])}`,
    "",
  ].join("\n");
}

function instructions(count: number): string {
  return `${figure(count)} instructions`;
}

function duration(nanoseconds: number): string {
  if (nanoseconds >= 1e6) return `${figure(nanoseconds / 1e6)} ms`;
  if (nanoseconds >= 1e3) return `${figure(nanoseconds / 1e3)} µs`;
  return `${figure(nanoseconds)} ns`;
}

function percent(fraction: number): string {
  return `${figure(100 * fraction)} %`;
}

function figure(value: number): string {
  return String(round(value));
}

/** Three figures that mean something; JSON has no infinity, so an interval without ends has null. */
function round(value: number): number {
  return Number(value.toPrecision(4));
}

function rounded({ low, high }: Interval): Interval {
  return { low: round(low), high: round(high) };
}
