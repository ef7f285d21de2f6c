// P14: which memory a lookup sees, over a history of stores, accesses and base registers written.
//
// Snooped, it is memory as it is. Not snooped, an entry is what it was when it was first fetched since
// its table's base was written. One LIODN with four windows of 4 KiB; window 0 is in the primary table.

import { primaryWords, secondaryWords } from "./entry-codec.ts";
import { HandBuiltPamu } from "./hand-built.ts";

export type FetchStep =
  | { readonly do: "store"; readonly window: number; readonly target: bigint }
  | { readonly do: "access"; readonly window: number }
  | { readonly do: "base"; readonly table: "PPBAH" | "SPBAH" };

const LIODN = 0x77;
const WINDOWS = [0, 1, 2, 3];

type Fetches = "snooped" | "not-snooped";

/** Throws where an access meets another memory than it should. */
export function runFetchHistory(tableFetches: Fetches, history: readonly FetchStep[]): void {
  const world = new World(tableFetches);
  for (const step of history)
    if (step.do === "store") world.store(step.window, step.target);
    else if (step.do === "base") world.writeBase(step.table);
    else world.access(step.window);
}

class World {
  readonly #fetches: Fetches;
  readonly #hand: HandBuiltPamu;
  /** Targets of the windows, in memory and as the PAMU fetched them. */
  readonly #memory = new Map<number, bigint>();
  readonly #fetched = new Map<number, bigint>();

  constructor(tableFetches: Fetches) {
    this.#fetches = tableFetches;
    this.#hand = new HandBuiltPamu({ tableFetches });
    for (const window of WINDOWS) this.store(window, 0n);
  }

  store(window: number, target: bigint): void {
    this.#memory.set(window, target);
    const fields = { mappedSize: 4096n, valid: true, access: 3, target } as const;
    if (window > 0)
      this.#hand.putSecondary(window - 1, secondaryWords({ owner: LIODN, ...fields }));
    else this.#hand.putPrimary(LIODN, primaryWords({ size: 16_384n, windows: 4, ...fields }));
  }

  writeBase(table: "PPBAH" | "SPBAH"): void {
    this.#hand.write(table, this.#hand.read(table));
    for (const window of table === "PPBAH" ? [0] : [1, 2, 3]) this.#fetched.delete(window);
  }

  access(window: number): void {
    this.#fetch(0); // every lookup fetches the primary entry
    this.#fetch(window);
    const counts = this.#fetches === "snooped" ? this.#memory : this.#fetched;
    const answer = this.#hand.access(LIODN, BigInt(window) * 4096n);
    if (answer !== counts.get(window))
      throw new Error(`P14: window ${window} leads to ${answer}, ${this.#fetches}`);
  }

  #fetch(window: number): void {
    if (!this.#fetched.has(window)) this.#fetched.set(window, this.#memory.get(window) ?? 0n);
  }
}
