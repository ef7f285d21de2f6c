// What is asked of the PAMU's hardware while one of its mutants is hunted.
//
// The same checks are the hardware's own tests; here they run on a copy of it with one line changed.

import { agree } from "../../../hardware/pamu/testing/agreement.ts";
import { type FetchStep, runFetchHistory } from "../../../hardware/pamu/testing/fetch-history.ts";
import { checkInterrupts } from "../../../hardware/pamu/testing/interrupts.ts";
import { SeededRandom } from "../../../memory/random.ts";

/** A check throws when it notices something; `seed` decides what it tries. */
export interface HardwareCheck {
  readonly name: string;
  run(seed: number): void;
}

const ACCESSES = 5000;

export const PAMU_HARDWARE_CHECKS: readonly HardwareCheck[] = [
  { name: "lookups agree with intervals", run: (seed) => void agree(seed, ACCESSES) },
  { name: "lookups meet the memory that counts", run: fetchHistories },
  { name: "violations interrupt once each", run: checkInterrupts },
];

function fetchHistories(seed: number): void {
  const random = new SeededRandom(seed);
  for (const mode of ["snooped", "not-snooped"] as const)
    runFetchHistory(
      mode,
      Array.from({ length: 200 }, () => randomStep(random)),
    );
}

function randomStep(random: SeededRandom): FetchStep {
  const window = random.below(4);
  const kind = random.below(8);
  if (kind === 0) return { do: "base", table: random.below(2) === 0 ? "PPBAH" : "SPBAH" };
  if (kind < 4) return { do: "store", window, target: BigInt(random.below(2 ** 24)) * 4096n };
  return { do: "access", window };
}
