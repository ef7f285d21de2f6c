// Measures four things in turn, round after round, so that what disturbs one disturbs all of them.
//
// In each round: the thing itself, its base, the base again (what differs there is noise), and the
// control, which is the thing with a burden on top. The order moves on by one from round to round,
// because whoever runs after a garbage collection or a busy neighbour pays for it.

import { burden } from "./burden.ts";

/** Runs so many operations and answers the nanoseconds that they took. */
export type Loop = (operations: number) => number;

/** The same loop in C, a fixed computation in C, or the same operation on less. */
export type Base = "c" | "yardstick" | "fewest";

export interface Contest {
  readonly series: string;
  readonly base: Base;
  readonly measured: Loop;
  readonly baseLoop: Loop;
  /** A fixed number of operations for the measured loop, where it cannot run any number. */
  readonly operations?: number;
}

export interface Effort {
  readonly rounds: number;
  readonly warmSeconds: number;
  /** How long one sample takes, about. */
  readonly sampleMilliseconds: number;
  /** How much slower the control is, as a fraction: what a broken budget would be. */
  readonly effect: number;
}

/** As the command reads it (packages/lab/src/bench/samples.ts). */
export interface Report {
  readonly series: string;
  readonly base: Base;
  readonly operations: number;
  readonly measured: readonly number[];
  readonly baseTimes: readonly number[];
  readonly again: readonly number[];
  readonly control: readonly number[];
}

export function measure(contest: Contest, effort: Effort): Report {
  const { series, base, measured, baseLoop } = contest;
  warm([measured, baseLoop, burdenLoop], effort, contest.operations);
  const samples = effort.sampleMilliseconds * 1e6;
  const operations = contest.operations ?? fitting(measured, samples);
  const baseOperations = base === "fewest" ? operations : fitting(baseLoop, samples);
  const weight = burdens(measured, operations, effort.effect);
  const report = { measured: [], baseTimes: [], again: [], control: [] };
  const turns: readonly (() => void)[] = [
    turn(report.measured, () => measured(operations) / operations),
    turn(report.baseTimes, () => baseLoop(baseOperations) / baseOperations),
    turn(report.control, () => (measured(operations) + burdenLoop(weight)) / operations),
    turn(report.again, () => baseLoop(baseOperations) / baseOperations),
  ];
  for (let round = 0; round < effort.rounds; round++)
    for (let at = 0; at < turns.length; at++) turns[(round + at) % turns.length]?.();
  return { series, base, operations, ...report };
}

/** Times a loop whose body is JavaScript. */
export function timed(body: () => void): number {
  const started = performance.now();
  body();
  return (performance.now() - started) * 1e6;
}

const WARM_OPERATIONS = 40_000;
/** Times `warmSeconds` that warming may take. */
const LONGEST_WARMING = 4;

const burdenLoop: Loop = (times) => timed(() => burden(times));

function turn(into: number[], sample: () => number): () => void {
  return () => void into.push(Number(sample().toPrecision(6)));
}

/**
 * Until the compiler has had its say: a guest under emulation needs seconds for that. Where the machine
 * is busy, seconds do not suffice, so operations are counted as well: after 10,000 of them most of the
 * library ran in V8's middle tier still, after 30,000 all of it in the last (qemu/vtd).
 */
function warm(loops: readonly Loop[], { warmSeconds }: Effort, fixed: number | undefined): void {
  const once = fixed ?? 100;
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  let operations = 0;
  do {
    for (const loop of loops) loop(once);
    operations += once;
  } while (
    seconds() < warmSeconds ||
    (operations < WARM_OPERATIONS && seconds() < LONGEST_WARMING * warmSeconds)
  );
}

/** How many operations take about so many nanoseconds. */
function fitting(loop: Loop, nanoseconds: number): number {
  const trial = 100;
  const once = Math.min(...[0, 1, 2].map(() => loop(trial))) / trial;
  return Math.max(10, Math.min(1_000_000, Math.round(nanoseconds / Math.max(once, 0.1))));
}

/** How many burdens cost `effect` of so many operations. */
function burdens(measured: Loop, operations: number, effect: number): number {
  const trial = 1000;
  const one = median5(() => burdenLoop(trial)) / trial;
  const all = median5(() => measured(operations));
  return Math.max(1, Math.round((effect * all) / one));
}

function median5(sample: () => number): number {
  const values = Array.from({ length: 5 }, sample).sort((a, b) => a - b);
  return values[2] ?? Number.NaN;
}
