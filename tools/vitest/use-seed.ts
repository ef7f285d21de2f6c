// Gives every test file's fast-check the seed that choose-seed.ts printed, and a bound in time.
//
// vitest cannot stop a property that never waits: the search for a smaller counterexample can go on
// for ten minutes and look like a hang. Stopped, it reports the smallest so far; a property that is
// stopped before it has seen all its values fails.

import { configureGlobal, readConfigureGlobal } from "fast-check";
import { inject } from "vitest";

/**
 * Below vitest's own limit for one test, so that the counterexample is printed. Properties of 5 s were
 * stopped at 45 s on two cores with twenty processes that wanted them.
 */
const PROPERTY_LIMIT_MS = 200_000;

configureGlobal({
  ...readConfigureGlobal(),
  seed: inject("seed"),
  interruptAfterTimeLimit: PROPERTY_LIMIT_MS,
  markInterruptAsFailure: true,
});
