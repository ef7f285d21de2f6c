// Compares what two kernels answered to one sequence.

import type { Sequence } from "./op.ts";
import { type Pair, RULES, type Rule } from "./rules.ts";

export interface Difference extends Pair {
  /** The op's place; the sequence's length for the state that was left. */
  readonly at: number;
}

export interface Comparison {
  /** The first difference that no rule allows; what follows it says nothing. */
  readonly difference: Difference | undefined;
  /** How often each rule allowed one. */
  readonly rules: ReadonlyMap<string, number>;
}

export function compare(
  sequence: Sequence,
  simulated: readonly string[],
  real: readonly string[],
  rules: readonly Rule[] = RULES,
): Comparison {
  const used = new Map<string, number>();
  for (let at = 0; at <= sequence.length; at++) {
    const pair = { op: sequence[at], simulated: simulated[at] ?? "none", real: real[at] ?? "none" };
    if (pair.simulated === pair.real) continue;
    const rule = rules.find(({ allows }) => allows(pair));
    if (rule === undefined) return { difference: { at, ...pair }, rules: used };
    used.set(rule.name, (used.get(rule.name) ?? 0) + 1);
  }
  return { difference: undefined, rules: used };
}
