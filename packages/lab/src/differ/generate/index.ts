// Sequence number `index` of a seed: always the same for the same environment.

import type { Environment } from "../environment.ts";
import type { Sequence } from "../op.ts";
import { Random } from "../random.ts";
import { Draft } from "./draft.ts";
import { profilesOf } from "./profiles.ts";

const LEAST_OPS = 20;
const SPREAD = 40;

export function generateSequence(seed: number, index: number, environment: Environment): Sequence {
  const random = new Random(seed, index);
  const draft = new Draft(random, environment);
  const { begin, steps, end } = random.weighted(profilesOf(environment));
  for (const step of begin) step(draft);
  const length = LEAST_OPS + random.below(SPREAD + 1);
  while (draft.ops.length < length) random.weighted(steps)(draft);
  end?.(draft);
  return draft.ops;
}
