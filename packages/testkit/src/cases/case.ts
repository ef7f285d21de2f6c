// One numbered case of docs/semantics/type1.md as data: where it starts, what is called, what comes back.
//
// Answers are text in the paper's own words ("EINVAL", "0, size 4P"), so that a table reads as the
// paper does and a difference can be printed as it is.

import type { Bench } from "./bench.ts";
import type { Need } from "./needs.ts";

/** States from which the cases start (type1.md section 7, "Notation"). */
export type Environment =
  /** A container without a group, and a group's open file. */
  | "fresh"
  /** The group is in the container, no IOMMU is set. */
  | "C1"
  /** SET_IOMMU 1. */
  | "E1"
  /** SET_IOMMU 3. */
  | "E2"
  /** SET_IOMMU 2: sPAPR TCE, version 1. */
  | "V1"
  /** SET_IOMMU 7: sPAPR TCE, version 2. */
  | "V2"
  /** E2 with the group's device open. */
  | "Edev"
  /** E2 with a second group in the container. */
  | "two groups"
  /** A container that has a mediated device's group only, SET_IOMMU 3. */
  | "EM"
  /** Nothing is open. */
  | "nothing";

/** One call and its answer. */
export interface Step {
  /** The call as a person would write it. */
  readonly call: string;
  readonly expected: string | ((bench: Bench) => string);
  readonly run: (bench: Bench) => string | Promise<string>;
}

export interface Case {
  readonly number: number;
  /** "7.1" to "7.7". */
  readonly section: string;
  readonly title: string;
  readonly from: Environment;
  /** What the host must have, beyond one device in a group. */
  readonly needs?: readonly Need[];
  /** KiB of locked memory that the kernel never gives back; default none. */
  readonly leak?: (bench: Bench) => number;
  readonly steps: readonly Step[];
}

export function step(call: string, expected: Step["expected"], run: Step["run"]): Step {
  return { call, expected, run };
}
