// One operation of the library as the laws see it: what it answered, and what should have come.

import type { ErrorCode } from "@iommukit/core";
import type { LawId } from "../laws/law.ts";

/** Why an operation must be refused. */
export interface Refusal {
  readonly code: ErrorCode;
  /** The law that a success would break. */
  readonly law: LawId;
  /** Whether only the kernel can know it; the library must know all others without a call. */
  readonly by?: "kernel";
}

export interface Outcome<T> {
  readonly what: string;
  readonly error: unknown;
  /** Present when it did not throw. */
  readonly value: T | undefined;
  readonly threw: boolean;
  /** System calls made. */
  readonly calls: number;
  /** The call that was made to fail, if any was. */
  readonly fired: string | undefined;
  /** What that call answered; 0 without one. */
  readonly firedAnswer: number;
}

export interface Expectation {
  /** All reasons that apply; none means that it must succeed. */
  readonly refusals: readonly Refusal[];
  /** The law that an unfounded refusal breaks. */
  readonly elseLaw: LawId;
  /** Whether each of its calls decides the outcome, so that a fault must be reported (I20). */
  readonly everyCallDecides?: boolean;
}
