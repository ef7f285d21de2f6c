// What a comparison found: counts, and one example of each way in which the two sides differ.

import type { Comparison, Difference } from "./compare.ts";
import type { Sequence } from "./op.ts";

export interface Found {
  /** Its number in the job. */
  readonly at: number;
  /** Up to and with the op that differed. */
  readonly sequence: Sequence;
  readonly difference: Difference;
  /** How many sequences differed in the same way. */
  times: number;
}

export class Tally {
  sequences: number = 0;
  operations: number = 0;
  readonly rules: Map<string, number> = new Map();
  readonly #found = new Map<string, Found>();

  add(at: number, sequence: Sequence, { difference, rules }: Comparison): void {
    this.sequences += 1;
    this.operations += sequence.length;
    for (const [name, times] of rules) this.rules.set(name, (this.rules.get(name) ?? 0) + times);
    if (difference === undefined) return;
    const key = wayOf(difference);
    const known = this.#found.get(key);
    if (known !== undefined) known.times += 1;
    else
      this.#found.set(key, {
        at,
        sequence: sequence.slice(0, difference.at + 1),
        difference,
        times: 1,
      });
  }

  /** The most frequent first. */
  get found(): readonly Found[] {
    return [...this.#found.values()].toSorted((a, b) => b.times - a.times);
  }

  get differing(): number {
    return this.found.reduce((sum, { times }) => sum + times, 0);
  }
}

/** The call and both results, without the bytes: they differ between examples of one fault. */
export function wayOf({ op, simulated, real }: Difference): string {
  return `${op?.op ?? "end"} ${headOf(simulated)} / ${headOf(real)}`;
}

function headOf(result: string): string {
  return result
    .split(" ")
    .map((part) => part.split(":")[0])
    .join(" ");
}
