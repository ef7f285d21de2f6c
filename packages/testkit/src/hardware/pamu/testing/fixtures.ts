// The LIODNs that the numbered cases use, as their drivers would have set them up.
//
// A: 1 GiB at 0 in 256 windows, RAM in the first 128 and three MSI pages behind it. B: what the kernel
// gives every LIODN at boot. C: 8 MiB in each of 16 slots of 16 MiB. D: one window of 64 MiB.
// E: mapped operations, stashing, a write-only first window.

import { EOE, IOE, MAPPED } from "../operations.ts";
import { primaryWords, secondaryWords } from "./entry-codec.ts";
import type { HandBuiltPamu } from "./hand-built.ts";

const KIB = 1024n;
const MIB = 1024n * KIB;
const GIB = 1024n * MIB;

type OperationMap = Partial<Record<keyof typeof IOE, keyof typeof EOE>>;

/** What Linux sets for QMan's portals (OMI 0) and for FMan (OMI 1). */
export const QMAN_PORTAL: OperationMap = {
  READ: "READ",
  WRITE: "WRITE",
  EREAD0: "RSA",
  EWRITE0: "WWSAO",
  DIRECT0: "LDEC",
  DIRECT1: "LDECPE",
};
export const FMAN: OperationMap = { READ: "READI", WRITE: "WRITE" };

/** One row of the operation mapping table. */
export function operationRow(map: OperationMap): readonly number[] {
  const row = Array.from({ length: 128 }, () => 0);
  for (const [name, becomes] of Object.entries(map)) {
    // cast: the keys of a partial record of operations are operations.
    const operation = IOE[name as keyof typeof IOE];
    row[operation & 0x7f] = MAPPED | EOE[becomes];
  }
  return row;
}

/** Word 7 with OTM 1: two operations and what becomes of each. */
export function immediateOperations(
  ...pairs: readonly [
    readonly [keyof typeof IOE, keyof typeof EOE],
    readonly [keyof typeof IOE, keyof typeof EOE],
  ]
): number {
  const [[a, becomesA], [b, becomesB]] = pairs;
  const bytes = [IOE[a], MAPPED | EOE[becomesA], IOE[b], MAPPED | EOE[becomesB]];
  return bytes.reduce((word: number, byte) => word * 256 + byte, 0);
}

export function putA(hand: HandBuiltPamu): void {
  const window = (k: number): bigint => 0x2_4000_0000n + BigInt(k) * 4n * MIB;
  const mapped = { valid: true, access: 3, mappedSize: 4n * MIB } as const;
  hand.putPrimary(0x10, primaryWords({ size: GIB, windows: 256, ...mapped, target: window(0) }));
  for (let k = 1; k < 256; k++)
    hand.putSecondary(k - 1, secondaryWords({ owner: 0x10, mappedSize: 4n * MIB }));
  for (let k = 1; k < 128; k++)
    hand.putSecondary(k - 1, secondaryWords({ owner: 0x10, ...mapped, target: window(k) }));
  for (const [bank, target] of [0xf_fe04_4000n, 0xf_fe04_5000n, 0xf_fe04_6000n].entries())
    hand.putSecondary(
      127 + bank,
      secondaryWords({ owner: 0x10, valid: true, access: 3, mappedSize: 4n * KIB, target }),
    );
}

export function putB(hand: HandBuiltPamu): void {
  hand.putPrimary(0x20, primaryWords({ size: 64n * GIB, valid: true, access: 3, translation: 0 }));
}

export function putC(hand: HandBuiltPamu): void {
  const target = (k: number): bigint => 0x1000_0000n + BigInt(k) * 16n * MIB;
  const mapped = { valid: true, mappedSize: 8n * MIB } as const;
  hand.putPrimary(
    0x30,
    primaryWords({
      size: 256n * MIB,
      windows: 16,
      firstSecondary: 300,
      ...mapped,
      access: 3,
      target: target(0),
    }),
  );
  for (let k = 1; k < 16; k++)
    hand.putSecondary(
      299 + k,
      secondaryWords({ owner: 0x30, ...mapped, access: accessOfC(k), target: target(k) }),
    );
}

export function putD(hand: HandBuiltPamu): void {
  const size = 64n * MIB;
  hand.putPrimary(
    0x40,
    primaryWords({ base: 0x400_0000n, size, valid: true, access: 3, target: 0x8400_0000n }),
  );
}

export function putE(hand: HandBuiltPamu): void {
  const slot = 256n * MIB;
  const all = { valid: true, mappedSize: slot, snoopId: 0x12, operationMode: 2 } as const;
  hand.putPrimary(
    0x50,
    primaryWords({
      base: 0x2_8000_0000n,
      size: 2n * GIB,
      windows: 8,
      firstSecondary: 400,
      ...all,
      access: 2,
      cacheId: 1,
      target: 0x1_0000_0000n,
    }),
  );
  for (let k = 1; k < 8; k++) {
    const target = 0x3_0000_0000n - BigInt(k) * slot;
    hand.putSecondary(
      399 + k,
      secondaryWords({ owner: 0x50, ...all, access: 3, cacheId: 35, target }),
    );
  }
  hand.putOperations(0, operationRow(QMAN_PORTAL));
}

/** Window 2 is read-only and window 3 write-only. */
function accessOfC(k: number): 1 | 2 | 3 {
  if (k === 2) return 1;
  return k === 3 ? 2 : 3;
}
