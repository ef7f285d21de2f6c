// What a benchmark's program reports: times of interleaved rounds, and nothing concluded from them.
//
// The program measures in its own process, in a guest or not; the command concludes. Must never trust
// a fact: it comes from the other side of a process.

import type { Fact } from "../protocol/message.ts";

/**
 * What is compared with: the same loop in C; a fixed computation in C that only tells the speed; or
 * the same operation on less, so that the ratio is the growth.
 */
export type Base = "c" | "yardstick" | "fewest";

const BASES: ReadonlySet<unknown> = new Set<Base>(["c", "yardstick", "fewest"]);

function isBase(value: unknown): value is Base {
  return BASES.has(value);
}

/** One thing that was measured, beside what it is compared with; nanoseconds of one operation. */
export interface Samples {
  /** `map+unmap`, `insert at 65535`: unique in one benchmark. */
  readonly series: string;
  readonly base: Base;
  /** Operations of one sample. */
  readonly operations: number;
  readonly measured: readonly number[];
  readonly baseTimes: readonly number[];
  /** The base once more: what it differs from itself is noise. */
  readonly again: readonly number[];
  /** The measured thing made slower on purpose, by less than a broken budget would. */
  readonly control: readonly number[];
}

/** Answers undefined for what is no report of samples. */
export function parseSamples(fact: Fact): Samples | undefined {
  const { series, base, operations, measured, baseTimes, again, control } = fact;
  if (typeof series !== "string" || typeof operations !== "number") return undefined;
  if (!isBase(base)) return undefined;
  if (!(isTimes(measured) && isTimes(baseTimes) && isTimes(again) && isTimes(control)))
    return undefined;
  return { series, base, operations, measured, baseTimes, again, control };
}

function isTimes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length > 0 && value.every((time) => Number.isFinite(time));
}
