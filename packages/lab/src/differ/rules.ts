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

/** None so far: what the comparison found was wrong in the simulator, and was put right there. */
export const RULES: readonly Rule[] = [];
