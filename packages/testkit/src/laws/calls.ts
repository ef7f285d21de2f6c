// The laws of one call: what may be refused, with which code, and at what cost.

import { isIommuError } from "@iommukit/core";
import type { Expectation, Outcome } from "../model/outcome.ts";
import { demand, LawBroken } from "./law.ts";

/** Applies every law of this file to one outcome. */
export function judge<T>(outcome: Outcome<T>, expectation: Expectation): void {
  onlyTypedErrors(outcome);
  oddAnswersAreErrors(outcome, expectation);
  refusedWhenItMust(outcome, expectation);
  nothingIsRefusedWithoutReason(outcome, expectation);
  refusalsMakeNoCall(outcome, expectation);
}

/** I38: whatever happens, what is thrown is an error of the library, never a crash of another kind. */
export function onlyTypedErrors<T>({ what, threw, error }: Outcome<T>): void {
  if (!threw || isIommuError(error)) return;
  if (error instanceof LawBroken) throw error;
  throw new LawBroken("I38", `${what} threw ${String(error)}`, error);
}

/** -EINTR and -EAGAIN: a call that may be made again (I38). */
const PASSING: readonly number[] = [-4, -11];

/** I20: where every call decides, a failed one is reported, with whatever number it failed. */
export function oddAnswersAreErrors<T>(
  { what, threw, fired, firedAnswer }: Outcome<T>,
  { everyCallDecides }: Expectation,
): void {
  if (everyCallDecides !== true || fired === undefined || PASSING.includes(firedAnswer)) return;
  demand("I20", threw, () => `${what} succeeded though ${fired} failed`);
}

/** I7, I11, I13, I14, I26, I30, I39…: each refusal names the law that a success would break. */
export function refusedWhenItMust<T>(
  { what, threw, error, fired }: Outcome<T>,
  { refusals }: Expectation,
): void {
  const [first] = refusals;
  if (first === undefined) return;
  if (!threw) {
    // A fault in a call that only informs may have changed what the kernel was asked.
    if (fired !== undefined) return;
    throw new LawBroken(first.law, `${what} succeeded; expected ${first.code}`);
  }
  if (fired !== undefined || !isIommuError(error)) return;
  const fits = refusals.find(({ code }) => code === error.code);
  if (fits === undefined)
    throw new LawBroken(
      first.law,
      `${what} was refused with ${error.code}; expected ${refusals.map(({ code }) => code).join(" or ")}`,
      error,
    );
}

/** I2, I17, I39…: a legal call on a healthy kernel succeeds. */
export function nothingIsRefusedWithoutReason<T>(
  { what, threw, error, fired }: Outcome<T>,
  { refusals, elseLaw }: Expectation,
): void {
  if (refusals.length > 0 || fired !== undefined || !threw) return;
  throw new LawBroken(elseLaw, `${what} was refused without a reason: ${String(error)}`, error);
}

/** I14: what the library can know by itself is refused before any system call. */
export function refusalsMakeNoCall<T>(
  { what, threw, calls, fired }: Outcome<T>,
  { refusals }: Expectation,
): void {
  const knowable = refusals.some(({ by }) => by === undefined);
  if (!threw || !knowable || fired !== undefined) return;
  demand("I14", calls === 0, () => `${what} made ${calls} calls before it was refused`);
}
