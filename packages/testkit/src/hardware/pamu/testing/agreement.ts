// Random accesses, judged by the hardware and by intervals, with the records beside them.
//
// P3: an access succeeds where an interval lets it, and nowhere else. P4: what it reaches was granted
// to its LIODN. P5: AVS1 and AVA tell the first violation since the last clear, and a clear takes the
// bits that were written. Throws where one of them does not hold.

import { SeededRandom } from "../../../memory/random.ts";
import { IOE } from "../operations.ts";
import { HandBuiltPamu } from "./hand-built.ts";
import {
  IntervalOracle,
  type LiodnPlan,
  type OperationRule,
  type Verdict,
} from "./interval-oracle.ts";
import { OPERATION_RULES, pick, putPlans, randomPlans, randomRows } from "./random-plan.ts";

const LIODNS = 0x500;

interface Access {
  readonly liodn: number;
  readonly address: number;
  readonly rule: OperationRule;
}

/** What a run has shown of itself. */
export interface Agreement {
  /** Accesses that were let through. */
  readonly passed: number;
  /** Codes of those that were not. */
  readonly codes: ReadonlySet<number>;
}

/** One world of plans drawn from the seed, and so many accesses in it. */
export function agree(seed: number, accesses: number): Agreement {
  const random = new SeededRandom(seed);
  const rows = randomRows(random);
  const plans = randomPlans(random, rows);
  const oracle = new IntervalOracle(plans, LIODNS);
  const hand = new HandBuiltPamu();
  putPlans(hand, plans, rows);
  const byLiodn = new Map(plans.map((plan) => [plan.liodn, plan]));
  const records = new Records(hand);
  const codes = new Set<number>();
  let passed = 0;
  for (let at = 0; at < accesses; at++) {
    const access = randomAccess(random, plans);
    const answer = ask(hand, access);
    demandSame(access, answer, oracle.judge(access.liodn, access.address, access.rule));
    if ("refused" in answer) {
      records.refused(access, answer.refused);
      codes.add(answer.refused);
    } else {
      demandGranted(byLiodn.get(access.liodn), access, answer.to);
      passed++;
    }
    if (at % 64 === 0) records.check();
    if (at % 97 === 0) records.clear(random.below(2) === 0 ? 0x7fff : random.below(0x8000));
  }
  return { passed, codes };
}

/** Often at an edge of something, sometimes anywhere, sometimes of a LIODN that has no plan. */
function randomAccess(random: SeededRandom, plans: readonly LiodnPlan[]): Access {
  const plan = pick(random, plans);
  const rule = pick(random, OPERATION_RULES);
  const liodn = random.below(32) === 0 ? random.below(2 * LIODNS) : plan.liodn;
  const slot = plan.size / plan.windows.length;
  const number = random.below(plan.windows.length + 1);
  const start = plan.base + number * slot;
  const mapped = plan.windows[number]?.mapped ?? 0;
  const address = pick(random, [
    start + random.below(3) - 1,
    start + mapped + random.below(3) - 1,
    plan.base + Math.floor((random.next() / 2 ** 32) * plan.size),
    Math.floor((random.next() / 2 ** 32) * 2 ** 37),
  ]);
  return { liodn, address: Math.max(0, address), rule };
}

function ask(hand: HandBuiltPamu, { liodn, address, rule }: Access): Verdict {
  const offset = address % 4096;
  // cast: the names of OPERATION_RULES are those of IOE.
  const operation = IOE[rule.name as keyof typeof IOE];
  const physical = hand.pamu.authorize(liodn, Math.floor(address / 4096), offset, operation);
  if (physical < 0) return { refused: hand.pamu.lastCode };
  return { to: physical * 4096 + offset, outgoing: hand.pamu.lastOperation };
}

function demandSame(access: Access, answer: Verdict, expected: Verdict): void {
  const isSame =
    "refused" in answer
      ? "refused" in expected && answer.refused === expected.refused
      : "to" in expected && answer.to === expected.to && answer.outgoing === expected.outgoing;
  if (!isSame)
    throw new Error(
      `P3: ${text(access)} gave ${text(answer)}, the intervals say ${text(expected)}`,
    );
}

/** Host addresses that some window of the LIODN leads to. */
function demandGranted(plan: LiodnPlan | undefined, access: Access, to: number): void {
  const isGranted = plan?.windows.some(({ translation, target, mapped }) => {
    const slot = plan.size / plan.windows.length;
    if (translation === "kept") return to >= plan.base && to < plan.base + plan.size;
    const bytes = plan.windows.length === 1 ? slot : Math.min(mapped, slot);
    const start = target - (target % Math.max(bytes, 4096));
    return to >= start && to < start + bytes;
  });
  if (isGranted !== true) throw new Error(`P4: ${text(access)} reached ${to.toString(16)}`);
}

/** What AVS1 and AVA must show. */
class Records {
  readonly #hand: HandBuiltPamu;
  #avs1 = 0;
  #ava = 0n;

  constructor(hand: HandBuiltPamu) {
    this.#hand = hand;
  }

  refused({ liodn, address }: Access, code: number): void {
    if ((this.#avs1 & 1) !== 0) return;
    this.#avs1 = liodn * 0x1_0000 + code + 1;
    this.#ava = BigInt(address);
  }

  clear(bits: number): void {
    this.#hand.write("AVS1", bits);
    this.#avs1 = (this.#avs1 & ~(bits & 0x7fff)) >>> 0;
  }

  check(): void {
    const shown = [this.#hand.read("AVS1"), this.#hand.address("AVA")];
    const due = [this.#avs1, this.#ava];
    if (shown[0] !== due[0] || shown[1] !== due[1])
      throw new Error(`P5: AVS1 and AVA show ${text(shown)} instead of ${text(due)}`);
  }
}

function text(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) => {
    if (each instanceof Map) return [...each];
    return typeof each === "bigint" ? `0x${each.toString(16)}` : each;
  });
}
