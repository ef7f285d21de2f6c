// Any call answers any errno, or a number that no correct kernel answers.

import { errnoName } from "../kernel/errno.ts";
import type { FaultEffect } from "./plan.ts";

/** The call is not made and answers -errno. */
export function fails(errno: number): FaultEffect {
  return { name: `fails with ${errnoName(errno)}`, instead: () => -errno };
}

/** The call is made and works, and then answers -errno: as if its answer had been lost. */
export function failsAfterwards(errno: number): FaultEffect {
  return { name: `works and reports ${errnoName(errno)}`, after: () => -errno };
}

/** The call is not made and answers this number. */
export function answers(value: number): FaultEffect {
  return { name: `answers ${value}`, instead: () => value };
}

/** An asynchronous call is made only after so many microtasks. */
export function isDelayed(turns: number): FaultEffect {
  return { name: `is delayed by ${turns} turns`, delay: turns };
}

/** A text that was read comes out otherwise. */
export function reads(text: string): FaultEffect {
  return { name: `reads ${JSON.stringify(text)}`, text: () => text };
}
