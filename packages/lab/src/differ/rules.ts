// Differences that are allowed, each with its name and its reason. All of them are here.
//
// What machines are free to choose is not here: it is asked first and given to the simulated machine
// (environment.ts). A rule must never excuse a simulator that is wrong.

import type { Op } from "./op.ts";

export interface Pair {
  /** Undefined for the state that a sequence left. */
  readonly op: Op | undefined;
  readonly simulated: string;
  readonly real: string;
}

export interface Rule {
  readonly name: string;
  readonly reason: string;
  readonly allows: (pair: Pair) => boolean;
}

/** What a run did that a kernel complains of, rightly. */
export interface AskedFor {
  /** Regions that were given back while they were mapped, so that they stay until the process ends. */
  readonly leftRegions: number;
}

/** A complaint in the kernel's log that is no divergence. */
export interface LogRule {
  readonly name: string;
  readonly reason: string;
  readonly allows: (line: string, asked: AskedFor) => boolean;
}

/** Each allows what a sequence asked for, and nothing where none did. */
export const LOG_RULES: readonly LogRule[] = [
  {
    name: "left-region",
    reason:
      "A process ends that has registered memory: the kernel warns (destroy_context, WARN_ON_ONCE), " +
      "because it answered 0 to giving a mapped region back and kept it.",
    allows: (line, { leftRegions }) =>
      leftRegions > 0 && /mmu_context\.c:\d+ destroy_context/.test(line),
  },
];

/** None so far: what the comparison found was wrong in the simulator, and was put right there. */
export const RULES: readonly Rule[] = [];
