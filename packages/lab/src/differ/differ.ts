// The differential run: sequences on a simulated kernel and on another, compared call by call.

import { LabError } from "../errors.ts";
import { compare, type Difference } from "./compare.ts";
import type { Environment } from "./environment.ts";
import { isLeftRegion } from "./guard.ts";
import { type Job, type JobFact, sequenceOf } from "./job.ts";
import type { Sequence } from "./op.ts";
import type { OtherSide } from "./other-side.ts";
import { LOG_RULES } from "./rules.ts";
import { shrink } from "./shrink.ts";
import { type OpenSimulator, simulate, simulatedEnvironment } from "./simulate.ts";
import { type Found, Tally } from "./tally.ts";

export interface DifferOptions {
  readonly job: Job;
  readonly otherSide: OtherSide;
  readonly simulator: OpenSimulator;
  readonly onProgress?: (progress: Progress) => void;
  /** Ways to differ that are made short; of the others an example is shown as it was. Default 8. */
  readonly mostShrunk?: number;
}

export interface Progress {
  readonly stage: "waiting" | "comparing" | "shrinking";
  readonly sequences: number;
  readonly differing: number;
}

export interface Divergence {
  /** Its number in the job; none for what concerns the whole run. */
  readonly sequence: number | undefined;
  readonly times: number;
  /** The shortest sequence that was found to differ, and how. */
  readonly shrunk: Sequence;
  readonly difference: Difference;
}

export interface DifferResult {
  readonly sequences: number;
  readonly operations: number;
  readonly divergences: readonly Divergence[];
  readonly rules: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly environment: Environment;
  /** Both sides' results of each sequence, when there were few. */
  readonly transcripts: readonly Transcript[];
  /** Milliseconds that the other side spent, by what on. */
  readonly spent: Readonly<Record<string, number>>;
}

export interface Transcript {
  readonly sequence: Sequence;
  readonly simulated: readonly string[];
  readonly real: readonly string[];
}

const MOST_SHRUNK = 8;
const MOST_TRANSCRIPTS = 3;

/** Valid errors: `guest-died`, and those of the other side. */
export async function differ(options: DifferOptions): Promise<DifferResult> {
  const started = performance.now();
  const run = new Comparing(options);
  const end = await options.otherSide(options.job, (fact) => run.take(fact));
  const { environment } = run;
  if (end.failure !== undefined || environment === undefined) throw unfinished(run, end.failure);
  const { tally } = run;
  if (tally.found.length > 0) run.report("shrinking");
  const troubles = end.troubles.filter((line) => !run.isAskedFor(line));
  const whole = [...environmentDivergence(options, environment), ...troubles.map(troubled)];
  const divergences = await divergencesOf(tally.found, options, environment);
  return {
    sequences: tally.sequences,
    operations: tally.operations,
    divergences: [...whole, ...divergences],
    rules: Object.fromEntries(tally.rules),
    seconds: Math.round(performance.now() - started) / 1000,
    environment,
    transcripts: run.transcripts,
    spent: run.spent,
  };
}

class Comparing {
  readonly tally: Tally = new Tally();
  readonly transcripts: Transcript[] = [];
  environment: Environment | undefined;
  spent: Readonly<Record<string, number>> = {};
  readonly #options: DifferOptions;
  #leftRegions: number = 0;

  constructor(options: DifferOptions) {
    this.#options = options;
    this.report("waiting");
  }

  take(fact: JobFact): void {
    if ("environment" in fact) this.environment = fact.environment;
    else if ("spent" in fact) this.spent = fact.spent;
    else this.#compare(fact.at, fact.results);
  }

  /** Whether a complaint of the kernel is one that the sequences asked for. */
  isAskedFor(line: string): boolean {
    const asked = { leftRegions: this.#leftRegions };
    const rule = LOG_RULES.find(({ allows }) => allows(line, asked));
    if (rule === undefined) return false;
    this.tally.rules.set(rule.name, (this.tally.rules.get(rule.name) ?? 0) + 1);
    return true;
  }

  report(stage: Progress["stage"]): void {
    const { sequences, differing } = this.tally;
    this.#options.onProgress?.({ stage, sequences, differing });
  }

  #compare(at: number, real: readonly string[]): void {
    const { job, simulator } = this.#options;
    if (this.environment === undefined) throw new Error("results before the environment");
    const sequence = sequenceOf(job, at, this.environment);
    const simulated = simulate(simulator, sequence, this.environment);
    this.#leftRegions += sequence.filter((op, place) => isLeftRegion(op, real[place] ?? "")).length;
    this.tally.add(at, sequence, compare(sequence, simulated, real));
    if (this.transcripts.length < MOST_TRANSCRIPTS)
      this.transcripts.push({ sequence, simulated, real });
    this.report("comparing");
  }
}

async function divergencesOf(
  found: readonly Found[],
  { otherSide, simulator, mostShrunk = MOST_SHRUNK }: DifferOptions,
  environment: Environment,
): Promise<readonly Divergence[]> {
  const chosen = found.slice(0, mostShrunk);
  const short = await shrink(chosen, { otherSide, simulator, environment });
  return found.map(({ at, times, sequence, difference }, index) => ({
    sequence: at,
    times,
    shrunk: short[index]?.sequence ?? sequence,
    difference: short[index]?.difference ?? difference,
  }));
}

/** The simulated machine cannot be built to what the real one answered. */
function environmentDivergence(
  { simulator }: DifferOptions,
  wanted: Environment,
): readonly Divergence[] {
  const simulated = JSON.stringify(simulatedEnvironment(simulator, wanted));
  const real = JSON.stringify(wanted);
  return simulated === real ? [] : [ofWholeRun(simulated, real)];
}

function troubled(line: string): Divergence {
  return ofWholeRun("a quiet kernel log", line);
}

function ofWholeRun(simulated: string, real: string): Divergence {
  const difference = { at: 0, op: undefined, simulated, real };
  return { sequence: undefined, times: 1, shrunk: [], difference };
}

function unfinished({ tally }: Comparing, failure: string | undefined): LabError {
  return new LabError(
    "guest-died",
    `the other side ended after ${tally.sequences} sequences: ${failure ?? "it said nothing"}`,
    { hint: "repeat it with --first NUMBER --sequences 1 to see which sequence does it" },
  );
}
