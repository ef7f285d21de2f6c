// Whether several targets told the same, which is what a program is run on several for.

import type { Fact } from "../protocol/message.ts";

export interface Told {
  readonly target: string;
  readonly facts: readonly Fact[];
}

/** One sentence. */
export function compareFacts(told: readonly Told[]): string {
  const [first, ...others] = told;
  if (first === undefined) return "nothing to compare";
  const differing = others.filter((other) => !isSame(first.facts, other.facts));
  if (differing.length === 0) return `the same facts on all ${told.length}`;
  return `other facts than on ${first.target}: ${differing.map(({ target }) => target).join(", ")}`;
}

function isSame(a: readonly Fact[], b: readonly Fact[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
