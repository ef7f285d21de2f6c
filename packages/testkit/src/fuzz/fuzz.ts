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

export function fuzz(options: FuzzOptions): FuzzReport {
  const total = { executions: 0, slowestMs: 0 };
  const each = Math.ceil(options.executions / options.targets.length);
  for (const target of options.targets) {
    const property = fc.property(target.executions, (execution) => {
      const took = timed(execution, options.now);
      const sure = took > total.slowestMs ? fastestOf(execution, options.now) : took;
      total.executions++;
      total.slowestMs = Math.max(total.slowestMs, sure);
      if (sure > (options.limitMs ?? DEFAULT_LIMIT_MS))
        throw new LawBroken("I38", `${execution} took ${sure.toFixed(1)} ms`);
    });
    const result = fc.check(property, { seed: options.seed, numRuns: each });
    if (result.failed)
      return {
        ...total,
        failure: `${String(result.errorInstance)}\n  on ${result.counterexample}`,
      };
  }
  return { ...total, failure: undefined };
}

function timed(execution: Execution, now: () => number): number {
  const started = now();
  parserIsTotal("a parser", execution.run);
  return now() - started;
}

function fastestOf(execution: Execution, now: () => number): number {
  return Math.min(...Array.from({ length: AGAIN }, () => timed(execution, now)));
}
