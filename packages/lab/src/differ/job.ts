// What is run where: the work that the command gives to the process with the other kernel, and the
// messages that come back. Both sides make the same sequences from the same numbers, so only the
// results travel.

import type { Environment } from "./environment.ts";
import { generateSequence } from "./generate/index.ts";
import type { Sequence } from "./op.ts";

export type Job =
  | {
      readonly kind: "generated";
      readonly seed: number;
      readonly first: number;
      readonly count: number;
    }
  /** Named sequences: one to replay, or the candidates of a round of shrinking. */
  | { readonly kind: "given"; readonly sequences: readonly Sequence[] };

export function countOf(job: Job): number {
  return job.kind === "generated" ? job.count : job.sequences.length;
}

export function sequenceOf(job: Job, index: number, environment: Environment): Sequence {
  if (job.kind === "generated") return generateSequence(job.seed, job.first + index, environment);
  return job.sequences[index] ?? [];
}

/** In order: the environment once, then each sequence's results. */
export type JobFact =
  | { readonly environment: Environment }
  | { readonly at: number; readonly results: readonly string[] }
  /** Milliseconds, by what they were spent on. */
  | { readonly spent: Readonly<Record<string, number>> };
