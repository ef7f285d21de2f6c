// Makes diverging sequences short: whole rounds of candidates in one run of the other side.
//
// Booting a guest costs more than a thousand sequences in it, so each round tries everything at once
// for every divergence, and takes the shortest that still differs in the same way. Calls that could be
// left out one by one are, in the next round, left out together.

import { compare, type Difference } from "./compare.ts";
import type { Environment } from "./environment.ts";
import type { Job } from "./job.ts";
import type { Op, Sequence } from "./op.ts";
import type { OtherSide } from "./other-side.ts";
import { Random } from "./random.ts";
import { type OpenSimulator, simulate } from "./simulate.ts";
import { wayOf } from "./tally.ts";

export interface Shrunk {
  readonly sequence: Sequence;
  readonly difference: Difference;
}

export interface ShrinkWorld {
  readonly otherSide: OtherSide;
  readonly simulator: OpenSimulator;
  readonly environment: Environment;
}

/** A divergence between two rounds. */
interface Shrinking extends Shrunk {
  /** Calls without which it differed still, each alone. */
  readonly spare: ReadonlySet<Op>;
}

const MOST_ROUNDS = 6;
const RANDOM_CANDIDATES = 60;

export async function shrink(
  found: readonly Shrunk[],
  world: ShrinkWorld,
): Promise<readonly Shrunk[]> {
  let best: readonly Shrinking[] = found.map((each) => ({ ...each, spare: new Set() }));
  for (let round = 0; round < MOST_ROUNDS && best.length > 0; round++) {
    const better = await shorter(best, world, round);
    if (better.every(({ sequence }, index) => sequence === best[index]?.sequence)) break;
    best = better;
  }
  return best;
}

async function shorter(
  best: readonly Shrinking[],
  world: ShrinkWorld,
  round: number,
): Promise<readonly Shrinking[]> {
  const tries = best.flatMap((now, of) =>
    candidates(now, new Random(round, of)).map((sequence) => ({ now, of, sequence })),
  );
  const job: Job = { kind: "given", sequences: tries.map(({ sequence }) => sequence) };
  const shortest = best.map(({ sequence, difference }) => ({ sequence, difference }));
  const spare = best.map(() => new Set<Op>());
  await world.otherSide(job, (fact) => {
    const tried = "at" in fact ? tries[fact.at] : undefined;
    if (tried === undefined || !("at" in fact)) return;
    const { now, of } = tried;
    const still = stillDiffers(now, tried.sequence, fact.results, world);
    if (still === undefined) return;
    if (tried.sequence.length === now.sequence.length - 1)
      for (const op of leftOut(now.sequence, tried.sequence)) spare[of]?.add(op);
    if (still.sequence.length < (shortest[of]?.sequence.length ?? 0)) shortest[of] = still;
  });
  return shortest.map((each, of) => ({ ...each, spare: spare[of] ?? new Set() }));
}

/** The same difference, and the sequence up to it. */
function stillDiffers(
  { difference: wanted }: Shrunk,
  sequence: Sequence,
  real: readonly string[],
  { simulator, environment }: ShrinkWorld,
): Shrunk | undefined {
  const { difference } = compare(sequence, simulate(simulator, sequence, environment), real);
  if (difference === undefined || wayOf(difference) !== wayOf(wanted)) return undefined;
  return { sequence: sequence.slice(0, difference.at + 1), difference };
}

function leftOut(sequence: Sequence, shorterOne: Sequence): readonly Op[] {
  return sequence.filter((op) => !shorterOne.includes(op));
}

/** All that keep the last call: without spare ones, without each piece of each size, and at random. */
export function candidates(
  { sequence, spare }: Pick<Shrinking, "sequence" | "spare">,
  random: Random,
): readonly Sequence[] {
  const body = sequence.slice(0, -1);
  const last = sequence.slice(-1);
  const made: Sequence[] = [];
  if (spare.size > 1) made.push([...body.filter((op) => !spare.has(op)), ...last]);
  for (let size = body.length; size >= 1; size = Math.floor(size / 2))
    for (let from = 0; from < body.length; from += size)
      made.push([...body.slice(0, from), ...body.slice(from + size), ...last]);
  for (let count = 0; count < RANDOM_CANDIDATES && body.length > 1; count++) {
    const keptOfFour = 1 + (count % 3);
    const isKept = (op: Op): boolean =>
      (count % 2 === 0 && spare.size > 0 && !spare.has(op)) || random.below(4) < keptOfFour;
    made.push([...body.filter(isKept), ...last]);
  }
  return made;
}
