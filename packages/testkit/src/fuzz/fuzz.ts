// Runs targets for so many executions: typed errors only, and none that takes long.
//
// A slow execution may be the garbage collector's: an input is run again before it counts as the slowest.

import fc from "fast-check";
import { LawBroken } from "../laws/law.ts";
import { parserIsTotal } from "../laws/parsers.ts";
import type { Execution, FuzzTarget } from "./targets.ts";

export interface FuzzOptions {
  readonly targets: readonly FuzzTarget[];
  /** Over all targets together. */
  readonly executions: number;
  readonly seed: number;
  /** A clock in milliseconds. */
  readonly now: () => number;
  /** The most that one execution may take. Default 10. */
  readonly limitMs?: number;
}

export interface FuzzReport {
  readonly executions: number;
  /** The longest execution: the fastest of several runs of the input that took longest. */
  readonly slowestMs: number;
  /** The shrunk failure in words. */
  readonly failure: string | undefined;
}

const AGAIN = 5;
const DEFAULT_LIMIT_MS = 10;
/**
 * Executions of one check. A check keeps what it drew until it ends, and a runner may bound its time:
 * 2 million in one were stopped at 45 s with half a gigabyte in use.
 */
const BATCH = 20_000;

interface Total {
  executions: number;
  slowestMs: number;
}

export function fuzz(options: FuzzOptions): FuzzReport {
  const total: Total = { executions: 0, slowestMs: 0 };
  const each = Math.ceil(options.executions / options.targets.length);
  for (const target of options.targets)
    for (let done = 0; done < each; done += BATCH) {
      const failure = fuzzBatch(target, options, total, {
        // Each batch draws other values; the first draws what a single check would.
        seed: options.seed + done / BATCH,
        numRuns: Math.min(BATCH, each - done),
      });
      if (failure !== undefined) return { ...total, failure };
    }
  return { ...total, failure: undefined };
}

function fuzzBatch(
  target: FuzzTarget,
  options: FuzzOptions,
  total: Total,
  batch: { readonly seed: number; readonly numRuns: number },
): string | undefined {
  const property = fc.property(target.executions, (execution) => {
    const took = timed(execution, options.now);
    const sure = took > total.slowestMs ? fastestOf(execution, options.now) : took;
    total.executions++;
    total.slowestMs = Math.max(total.slowestMs, sure);
    if (sure > (options.limitMs ?? DEFAULT_LIMIT_MS))
      throw new LawBroken("I38", `${execution} took ${sure.toFixed(1)} ms`);
  });
  const result = fc.check(property, batch);
  if (!result.failed) return undefined;
  return `seed ${batch.seed}: ${String(result.errorInstance)}\n  on ${result.counterexample}`;
}

function timed(execution: Execution, now: () => number): number {
  const started = now();
  parserIsTotal("a parser", execution.run);
  return now() - started;
}

function fastestOf(execution: Execution, now: () => number): number {
  return Math.min(...Array.from({ length: AGAIN }, () => timed(execution, now)));
}
