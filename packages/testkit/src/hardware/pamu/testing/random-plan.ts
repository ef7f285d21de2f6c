// Plans of windows drawn from a seed, and the tables that say the same: for tests of the lookup.

import type { SeededRandom } from "../../../memory/random.ts";
import { IOE, MAPPED } from "../operations.ts";
import { primaryWords, secondaryWords } from "./entry-codec.ts";
import type { HandBuiltPamu } from "./hand-built.ts";
import type { LiodnPlan, OperationRule, WindowPlan } from "./interval-oracle.ts";

const KIB = 1024;
const GIB = 1024 * 1024 * KIB;
const HIGHEST = 64 * GIB;

/** Every operation; what it needs is said here once more, apart from the hardware's table. */
export const OPERATION_RULES: readonly OperationRule[] = [
  { name: "READ", needs: "read", code: 0x00 },
  { name: "WRITE", needs: "write", code: 0x01 },
  { name: "EREAD0", needs: "read", code: 0x02 },
  { name: "EWRITE0", needs: "write", code: 0x03 },
  { name: "DIRECT0", needs: "read", code: 0x04 },
  { name: "EREAD1", needs: "read", code: 0x05 },
  { name: "EWRITE1", needs: "write", code: 0x06 },
  { name: "DIRECT1", needs: "read", code: 0x07 },
  { name: "RAC", needs: "both", code: 0x0c },
  { name: "RAS", needs: "both", code: 0x0d },
  { name: "RAD", needs: "both", code: 0x0e },
  { name: "RAI", needs: "both", code: 0x0f },
];

/** Rows of the operation mapping table by operation; a missing operation is not mapped. */
export type OperationRows = readonly ReadonlyMap<string, number>[];

export function randomRows(random: SeededRandom): OperationRows {
  return Array.from({ length: 16 }, () => {
    const chosen = OPERATION_RULES.filter(() => random.below(3) > 0);
    return new Map(chosen.map(({ name }) => [name, random.below(0x1f)]));
  });
}

/** Some LIODNs with windows of many sizes; together they take at most 2048 secondary entries. */
export function randomPlans(random: SeededRandom, rows: OperationRows): readonly LiodnPlan[] {
  const plans: LiodnPlan[] = [];
  let secondaries = 0;
  for (let tries = 0; tries < 24; tries++) {
    const plan = randomPlan(random, rows, 7 * tries + random.below(7));
    secondaries += plan.windows.length - 1;
    if (secondaries > 2048) break;
    plans.push(plan);
  }
  return plans;
}

function randomPlan(random: SeededRandom, rows: OperationRows, liodn: number): LiodnPlan {
  const order = 12 + random.below(25);
  const size = 2 ** order;
  const windows = 2 ** random.below(Math.min(order - 12, 8) + 1);
  const slot = size / windows;
  const base = size * random.below(HIGHEST / size);
  const make = (number: number): WindowPlan => ({
    mapped: random.below(5) === 0 ? 0 : 4 * KIB * 2 ** random.below(Math.log2(slot) - 11),
    target: 4 * KIB * random.below(HIGHEST / (4 * KIB)),
    access: pick(random, ["both", "both", "both", "read", "write", "none"]),
    valid: number === 0 || random.below(8) > 0,
    owner: number === 0 || random.below(8) > 0 ? liodn : liodn ^ (1 << random.below(12)),
    translation: pick(random, ["replaced", "replaced", "replaced", "kept", "unknown"]),
    operations: pick(random, ["kept", "kept", "kept", pick(random, rows), "reserved", "no table"]),
  });
  return { liodn, base, size, windows: Array.from({ length: windows }, (_, k) => make(k)) };
}

export function pick<T>(random: SeededRandom, from: readonly T[]): T {
  const found = from[random.below(from.length)];
  if (found === undefined) throw new RangeError("nothing to pick from");
  return found;
}

/** Writes the tables that say what the plans say. */
export function putPlans(
  hand: HandBuiltPamu,
  plans: readonly LiodnPlan[],
  rows: OperationRows,
): void {
  for (const [index, row] of rows.entries()) hand.putOperations(index, rowBytes(row));
  let firstSecondary = 0;
  for (const { liodn, base, size, windows } of plans) {
    const [first, ...others] = windows.map((window) => fieldsOf(window, rows));
    const geometry = { base: BigInt(base), size: BigInt(size), windows: windows.length };
    hand.putPrimary(liodn, primaryWords({ ...geometry, firstSecondary, ...first }));
    for (const [index, fields] of others.entries()) {
      const owner = windows[index + 1]?.owner ?? liodn;
      hand.putSecondary(firstSecondary + index, secondaryWords({ owner, ...fields }));
    }
    firstSecondary += others.length;
  }
}

const ACCESS = { none: 0, read: 1, write: 2, both: 3 } as const;
const TRANSLATION = { kept: 0, replaced: 1, unknown: 2 } as const;

function fieldsOf(window: WindowPlan, rows: OperationRows) {
  return {
    valid: window.valid,
    access: ACCESS[window.access],
    translation: TRANSLATION[window.translation],
    target: BigInt(window.target),
    mappedSize: BigInt(window.mapped),
    ...operationFields(window.operations, rows),
  };
}

function operationFields(operations: WindowPlan["operations"], rows: OperationRows) {
  if (operations === "kept") return { operationMode: 0, operations: 0 } as const;
  if (operations === "reserved") return { operationMode: 3, operations: 0 } as const;
  if (operations === "no table") return { operationMode: 2, operations: 16 } as const;
  return { operationMode: 2, operations: rows.indexOf(operations) } as const;
}

function rowBytes(row: ReadonlyMap<string, number>): readonly number[] {
  const bytes = Array.from({ length: 128 }, () => 0);
  for (const [name, becomes] of row) {
    // cast: rows are made from OPERATION_RULES, whose names are those of IOE.
    bytes[IOE[name as keyof typeof IOE] & 0x7f] = MAPPED | becomes;
  }
  return bytes;
}
