// Each numbered step of the lookup: the entry that just fails it, and the one that just passes.

import { describe, expect, test } from "vitest";
import { EOE } from "./operations.ts";
import { primaryWords, secondaryWords } from "./testing/entry-codec.ts";
import { immediateOperations } from "./testing/fixtures.ts";
import { HandBuiltPamu, type OperationName } from "./testing/hand-built.ts";
import { reasonText } from "./violations.ts";

const KIB = 1024n;
const MIB = 1024n * KIB;
const LIODN = 0x123;
const AT = 0x8000_0000n;
const TARGET = 0x1_2000_0000n;
const RW = { valid: true, access: 3 } as const;

type Primary = Parameters<typeof primaryWords>[0];
type Secondary = Parameters<typeof secondaryWords>[0];

/** 16 MiB at 2 GiB in 4 windows, all of them mapped. */
const WINDOWS: Primary = {
  base: AT,
  size: 16n * MIB,
  windows: 4,
  firstSecondary: 0x40,
  mappedSize: 4n * MIB,
  target: TARGET,
  ...RW,
};
const SECONDARY: Secondary = { owner: LIODN, mappedSize: 4n * MIB, ...RW };

interface Setup {
  readonly primary?: Partial<Primary>;
  /** Changes of the entry of window 1. */
  readonly secondary?: Partial<Secondary>;
  readonly arrange?: (hand: HandBuiltPamu) => void;
}

function world({ primary, secondary, arrange }: Setup = {}): HandBuiltPamu {
  const hand = new HandBuiltPamu();
  hand.putPrimary(LIODN, primaryWords({ ...WINDOWS, ...primary }));
  for (const k of [1, 2, 3]) {
    const target = TARGET + BigInt(k) * 4n * MIB;
    const change = k === 1 ? secondary : {};
    hand.putSecondary(0x3f + k, secondaryWords({ ...SECONDARY, target, ...change }));
  }
  arrange?.(hand);
  return hand;
}

interface Failure extends Setup {
  readonly step: number;
  readonly why: string;
  readonly code: number;
  readonly address?: bigint;
  readonly operation?: OperationName;
}

const IN_WINDOW_1 = AT + 5n * MIB;

const FAILURES: readonly Failure[] = [
  { step: 2, why: "not enabled", code: 0x4000, arrange: (hand) => hand.write("PC", 0) },
  {
    step: 2,
    why: "not enabled comes before a closed gate",
    code: 0x4000,
    arrange: (hand) => hand.write("PC", 0x8000_0000),
  },
  { step: 3, why: "gate closed", code: 0x2000, arrange: (hand) => hand.write("PC", 0xc000_0000) },
  {
    step: 4,
    why: "the table ends before the LIODN's entry",
    code: 0x0400,
    arrange: (hand) => hand.write("PPLAL", hand.read("PPBAL") + 64 * LIODN + 63),
  },
  {
    step: 4,
    why: "limit below base",
    code: 0x0400,
    arrange: (hand) => hand.write("PPLAH", 0),
  },
  { step: 5, why: "V is 0", code: 0x0800, primary: { valid: false } },
  {
    step: 6,
    why: "a secondary entry in the primary table",
    code: 0x0c00,
    arrange: (hand) => hand.putPrimary(LIODN, secondaryWords(SECONDARY)),
  },
  { step: 6, why: "WSE is 0", code: 0x0c00, primary: { size: 0n } },
  {
    step: 6,
    why: "WSE is 10",
    code: 0x0c00,
    arrange: (hand) => hand.putPrimary(LIODN, [0, (10 << 6) | 0x19]),
  },
  { step: 6, why: "512 windows where PC3 offers 256", code: 0x0c00, primary: { windows: 512 } },
  {
    step: 6,
    why: "subwindows of 2 KiB",
    code: 0x0c00,
    primary: { size: 8n * KIB, windows: 4 },
    address: AT,
  },
  { step: 7, why: "one page below", code: 0x0080, address: AT - 4n * KIB },
  { step: 7, why: "the first byte behind", code: 0x0080, address: AT + 16n * MIB },
  { step: 7, why: "the last address of 64 bits", code: 0x0080, address: 2n ** 64n - 1n },
  { step: 8, why: "FSPI beyond the table", code: 0x0100, primary: { firstSecondary: 0x800 } },
  {
    step: 8,
    why: "the largest FSPI does not wrap",
    code: 0x0100,
    primary: { firstSecondary: 0xffff_ffff },
  },
  { step: 9, why: "V of the secondary is 0", code: 0x0180, secondary: { valid: false } },
  { step: 10, why: "the owner is another", code: 0x0200, secondary: { owner: LIODN + 1 } },
  {
    step: 10,
    why: "a primary entry in the secondary table",
    code: 0x0200,
    arrange: (hand) => hand.putSecondary(0x40, [0, (LIODN << 16) | 0x19, 0x80, 4, 0, 0x540]),
  },
  { step: 11, why: "SWSE is 0", code: 0x0280, secondary: { mappedSize: 0n } },
  { step: 11, why: "behind the mapped part", code: 0x0280, secondary: { mappedSize: MIB } },
  {
    step: 11,
    why: "behind the mapped part of window 0",
    code: 0x0280,
    primary: { mappedSize: 4n * KIB },
    address: AT + 4n * KIB,
  },
  { step: 12, why: "AP is 0", code: 0x0008, secondary: { access: 0 } },
  { step: 12, why: "AP of window 0 is 0", code: 0x0008, primary: { access: 0 }, address: AT },
  { step: 12, why: "read of write-only", code: 0x0010, secondary: { access: 2 } },
  {
    step: 12,
    why: "write of read-only",
    code: 0x0018,
    secondary: { access: 1 },
    operation: "EWRITE1",
  },
  {
    step: 12,
    why: "atomic on write-only",
    code: 0x0020,
    secondary: { access: 2 },
    operation: "RAC",
  },
  { step: 13, why: "ATM is 2", code: 0x0028, secondary: { translation: 2 } },
  { step: 13, why: "ATM is 3", code: 0x0028, secondary: { translation: 3 } },
  {
    step: 14,
    why: "immediate, another operation",
    code: 0x0002,
    operation: "EREAD1",
    secondary: {
      operationMode: 1,
      operations: immediateOperations(["READ", "READI"], ["WRITE", "WWSA"]),
    },
  },
  {
    step: 14,
    why: "immediate, mapped code without its top bit",
    code: 0x0002,
    secondary: { operationMode: 1, operations: 0x0018_819b },
  },
  {
    step: 14,
    why: "indexed, nothing there",
    code: 0x0002,
    secondary: { operationMode: 2, operations: 1 },
  },
  {
    step: 14,
    why: "indexed, beyond the table",
    code: 0x0004,
    secondary: { operationMode: 2, operations: 16 },
  },
  { step: 14, why: "OTM is 3", code: 0x0006, secondary: { operationMode: 3 } },
];

test.each(FAILURES)("step $step: $why is violation $code", (failure) => {
  const { code, address = IN_WINDOW_1, operation = "READ" } = failure;
  const hand = world(failure);
  expect(hand.access(LIODN, address, operation)).toBe("blocked");
  expect(hand.pamu.lastCode).toBe(code);
  expect(hand.read("AVS1")).toBe(LIODN * 0x1_0000 + code + 1);
  expect(hand.address("AVA")).toBe(address);
  expect(reasonText(code)).not.toMatch(/^violation/);
});

describe("what just passes", () => {
  test.each([
    [0n, TARGET],
    [4n * MIB - 1n, TARGET + 4n * MIB - 1n],
    [4n * MIB, TARGET + 4n * MIB],
    [16n * MIB - 1n, TARGET + 16n * MIB - 1n],
  ])("steps 7, 8: %i bytes into the aperture", (within, physical) => {
    expect(world().access(LIODN, AT + within)).toBe(physical);
  });

  test("step 4: the table ends with the LIODN's entry", () => {
    const hand = world();
    hand.write("PPLAL", hand.read("PPBAL") + 64 * LIODN + 64);
    expect(hand.access(LIODN, AT)).toBe(TARGET);
  });

  test("step 8: the last entry of the secondary table", () => {
    const hand = world({ primary: { firstSecondary: 0x7ff } });
    hand.putSecondary(0x7ff, secondaryWords({ ...SECONDARY, target: 0x3000_0000n }));
    expect(hand.access(LIODN, AT + 4n * MIB)).toBe(0x3000_0000n);
    expect(hand.access(LIODN, AT + 8n * MIB)).toBe("blocked");
  });

  test("step 11: the last byte of the mapped part, and no more of it than the slot", () => {
    const small = world({ secondary: { mappedSize: 4n * KIB } });
    expect(small.access(LIODN, AT + 4n * MIB + 4095n)).toBe(TARGET + 4n * MIB + 4095n);
    const large = world({ secondary: { mappedSize: 1024n * MIB } });
    expect(large.access(LIODN, AT + 8n * MIB - 1n)).toBe(TARGET + 8n * MIB - 1n);
    expect(large.access(LIODN, AT + 8n * MIB)).toBe(TARGET + 8n * MIB);
  });

  test.each([
    ["READ", 1],
    ["EREAD0", 1],
    ["EREAD1", 1],
    ["DIRECT0", 1],
    ["DIRECT1", 1],
    ["WRITE", 2],
    ["EWRITE0", 2],
    ["EWRITE1", 2],
    ["RAC", 3],
    ["RAS", 3],
    ["RAD", 3],
    ["RAI", 3],
  ] as const)("step 12: %s needs AP %i", (operation, access) => {
    const hand = world({ secondary: { access } });
    expect(hand.access(LIODN, IN_WINDOW_1, operation)).toBe(TARGET + 5n * MIB);
  });

  test("step 13: ATM 0 passes the address on", () => {
    const hand = world({ secondary: { translation: 0 } });
    expect(hand.access(LIODN, IN_WINDOW_1)).toBe(IN_WINDOW_1);
  });

  test("step 13: target bits below the mapped size are ignored, and somebody is told", () => {
    const hand = world({ secondary: { target: TARGET + 4n * KIB } });
    expect(hand.access(LIODN, AT + 4n * MIB)).toBe(TARGET);
    expect(hand.system.takeDiagnostics()).toMatchObject([expect.stringContaining("not aligned")]);
    expect(hand.access(LIODN, AT)).toBe(TARGET);
    expect(hand.system.takeDiagnostics()).toEqual([]);
  });

  test("step 14: immediate, both operations", () => {
    const operations = immediateOperations(["DIRECT0", "LDEC"], ["RAI", "RAI"]);
    const hand = world({ secondary: { operationMode: 1, operations } });
    for (const [operation, becomes] of [
      ["DIRECT0", EOE.LDEC],
      ["RAI", EOE.RAI],
    ] as const) {
      expect(hand.access(LIODN, IN_WINDOW_1, operation)).toBe(TARGET + 5n * MIB);
      expect(hand.pamu.lastOperation).toBe(becomes);
    }
  });
});

test("addresses of 64 bits are exact: a window just below 2^64", () => {
  const base = 2n ** 64n - 8n * KIB;
  const target = 2n ** 63n;
  const hand = world({ primary: { base, size: 8n * KIB, windows: 1, target } });
  expect(hand.access(LIODN, 2n ** 64n - 1n)).toBe(target + 8n * KIB - 1n);
  expect(hand.access(LIODN, base - 1n)).toBe("blocked");
  expect(hand.address("AVA")).toBe(base - 1n);
});

test("an aperture of 2^64 in 256 windows finds each of them", () => {
  const hand = new HandBuiltPamu();
  const slot = 2n ** 56n;
  const all = { ...RW, mappedSize: slot } as const;
  hand.putPrimary(LIODN, primaryWords({ size: 2n ** 64n, windows: 256, ...all, target: 0n }));
  for (let k = 1; k < 256; k++)
    hand.putSecondary(
      k - 1,
      secondaryWords({ owner: LIODN, ...all, target: BigInt(255 - k) * slot }),
    );
  expect(hand.access(LIODN, 200n * slot + 0x123n)).toBe(55n * slot + 0x123n);
  expect(hand.access(LIODN, 2n ** 64n - 1n)).toBe(slot - 1n);
});
