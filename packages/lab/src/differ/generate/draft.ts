// A sequence under construction: what it has so far, and what it probably left behind.
//
// Only a guess: no call is made here. A wrong guess costs a sequence some of its depth, nothing else.

import type { Environment } from "../environment.ts";
import type { Op, Slot } from "../op.ts";
import type { Random } from "../random.ts";
import { mended } from "../safety.ts";

export interface Guess {
  readonly iova: bigint;
  readonly size: bigint;
}

export class Draft {
  readonly random: Random;
  readonly environment: Environment;
  readonly ops: Op[] = [];
  /** Ranges that are probably mapped. */
  readonly mappings: Guess[] = [];
  tracking: boolean = false;
  /** Slots that were filled and not closed since; some calls failed. */
  readonly #opened = new Set<Slot>();

  constructor(random: Random, environment: Environment) {
    this.random = random;
    this.environment = environment;
  }

  add(...ops: readonly Op[]): void {
    for (const op of ops) {
      this.ops.push(mended(op, this.environment));
      if ("into" in op) this.#opened.add(op.into);
      if (op.op === "close") this.#opened.delete(op.fd);
    }
  }

  container(): Slot {
    return this.#slot("c0", "c1");
  }

  group(): Slot {
    return this.#slot("g0", "g1");
  }

  device(): Slot {
    return this.#slot("d0", "d1");
  }

  /** Any slot that probably holds a descriptor. */
  anyOpen(): Slot | undefined {
    return [...this.#opened][this.random.below(this.#opened.size)];
  }

  /** Mostly one that holds a descriptor of the kind; sometimes any, also of the wrong kind. */
  #slot(first: Slot, second: Slot): Slot {
    const { random } = this;
    if (random.oneIn(40)) return random.pick(["none", "far", "c0", "c1", "g0", "g1", "d0", "e0"]);
    const [meant, other] = random.oneIn(4) ? [second, first] : [first, second];
    if (this.#opened.has(meant) || random.oneIn(12)) return meant;
    return this.#opened.has(other) ? other : meant;
  }

  /** A range that is probably mapped, if any is. */
  someMapping(): Guess | undefined {
    return this.mappings[this.random.below(this.mappings.length)];
  }

  forget({ iova, size }: Guess): void {
    const kept = this.mappings.filter(
      (mapping) => mapping.iova + mapping.size <= iova || mapping.iova >= iova + size,
    );
    this.mappings.splice(0, this.mappings.length, ...kept);
  }
}

export function word(value: bigint): string {
  return `0x${BigInt.asUintN(64, value).toString(16)}`;
}
