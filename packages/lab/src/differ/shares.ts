// One generated job on several guests at once: a guest's emulation keeps one processor busy.
//
// Each guest takes a run of consecutive sequences, so it meets the same ones in the same order
// wherever its share begins; the results travel under the numbers of the whole job.

import { countOf, type Job, type JobFact } from "./job.ts";
import type { OtherSide } from "./other-side.ts";
import type { JobEnd } from "./run-job.ts";

/** Fewer are not worth another boot, which takes a POWER guest as long as about 80 of them. */
const FEWEST_SEQUENCES = 250;

interface Share {
  readonly job: Job;
  /** The number of its first sequence in the whole job. */
  readonly from: number;
}

/** How many guests a job of so many sequences is worth, of `most` that can run at once. */
export function worthwhileGuests(sequences: number, most: number): number {
  return Math.max(1, Math.min(most, Math.floor(sequences / FEWEST_SEQUENCES)));
}

/** Runs a generated job in `guests` shares at the same time; one that names its sequences stays whole. */
export function inShares(side: OtherSide, guests: number): OtherSide {
  return async (job, onFact) => {
    const shares = sharesOf(job, guests);
    const facts = new SharedFacts(onFact);
    const ends = await Promise.allSettled(
      shares.map(({ job: part, from }) => side(part, (fact) => facts.take(fact, from))),
    );
    const finished = ends.map((end) => {
      if (end.status === "rejected") throw end.reason;
      return end.value;
    });
    facts.end();
    return together(finished, facts.unlike);
  };
}

function sharesOf(job: Job, guests: number): readonly Share[] {
  if (job.kind === "given" || guests === 1) return [{ job, from: 0 }];
  const each = Math.ceil(countOf(job) / guests);
  return Array.from({ length: Math.ceil(job.count / each) }, (_, index) => {
    const from = index * each;
    const count = Math.min(each, job.count - from);
    return { job: { ...job, first: job.first + from, count }, from };
  });
}

class SharedFacts {
  readonly #onFact: (fact: JobFact) => void;
  readonly #spent: Record<string, number> = {};
  #environment: string | undefined;
  /** Whether the guests do not describe the same machine. */
  unlike = false;

  constructor(onFact: (fact: JobFact) => void) {
    this.#onFact = onFact;
  }

  take(fact: JobFact, from: number): void {
    if ("at" in fact) this.#onFact({ ...fact, at: from + fact.at });
    else if ("environment" in fact) this.#meet(fact);
    else
      for (const [what, time] of Object.entries(fact.spent))
        this.#spent[what] = (this.#spent[what] ?? 0) + time;
  }

  end(): void {
    this.#onFact({ spent: this.#spent });
  }

  #meet(fact: JobFact): void {
    const text = JSON.stringify(fact);
    if (this.#environment === undefined) this.#onFact(fact);
    this.#environment ??= text;
    if (text !== this.#environment) this.unlike = true;
  }
}

function together(ends: readonly JobEnd[], unlike: boolean): JobEnd {
  const failed = ends.find(({ failure }) => failure !== undefined);
  const failure = unlike ? "the guests do not describe the same machine" : failed?.failure;
  return { troubles: ends.flatMap(({ troubles }) => troubles), failure };
}
