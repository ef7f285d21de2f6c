// Cases 1 to 17: what entries look like, word by word; and that the codec of the tests loses nothing.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  countCode,
  decodePrimary,
  decodeSecondary,
  entryBytes,
  type PrimaryEntry,
  primaryWords,
  type SecondaryEntry,
  secondaryWords,
  sizeCode,
} from "./entry-codec.ts";
import { FMAN, immediateOperations, operationRow, QMAN_PORTAL } from "./fixtures.ts";

const KIB = 1024n;
const MIB = 1024n * KIB;
const GIB = 1024n * MIB;

test.each([
  [4n * KIB, 11],
  [8n * KIB, 12],
  [64n * KIB, 15],
  [MIB, 19],
  [4n * MIB, 21],
  [GIB, 29],
  [4n * GIB, 31],
  [64n * GIB, 35],
])("case 1: the code of %i bytes is %i", (size, code) => {
  expect(sizeCode(size)).toBe(code);
});

test.each([6n * KIB, 2n * KIB, 1n, 3n * GIB])("case 1: %i bytes are no window", (size) => {
  expect(() => sizeCode(size)).toThrow(RangeError);
});

test.each([
  [2, 0],
  [4, 1],
  [16, 3],
  [256, 7],
])("case 2: the code of %i windows is %i", (windows, code) => {
  expect(countCode(windows)).toBe(code);
});

test("case 2: one window is MW = 0 and WCE = 0; three windows are none", () => {
  const [, word1 = 0, , word3 = 0] = primaryWords({ size: GIB, windows: 1 });
  expect([word1 & 0x20, word3 & 0xf0]).toEqual([0, 0]);
  expect(() => primaryWords({ size: GIB, windows: 3 })).toThrow(RangeError);
});

const RW = { valid: true, access: 3 } as const;

const WORDS: readonly (readonly [number, string, readonly number[], string])[] = [
  [
    4,
    "boot default",
    primaryWords({ size: 64n * GIB, ...RW, translation: 0 }),
    "0 8d9 80 0 0 0 0 0",
  ],
  [5, "Linux 6.12, attached", primaryWords({ size: 64n * GIB, ...RW }), "0 8d9 80 4 0 0 0 0"],
  [
    6,
    "1 GiB in 256 windows",
    primaryWords({ size: GIB, windows: 256, mappedSize: 4n * MIB }),
    "0 760 80 74 0 540 0 0",
  ],
  [
    7,
    "the same with window 0 mapped",
    primaryWords({ size: GIB, windows: 256, mappedSize: 4n * MIB, ...RW, target: 0x2_4000_0000n }),
    "0 779 80 74 2 40000540 0 0",
  ],
  [
    8,
    "a secondary entry",
    secondaryWords({ owner: 0x10, mappedSize: 4n * MIB, ...RW, target: 0x2_c040_0000n }),
    "0 10001b 80 4 2 c0400540 0 0",
  ],
  ...[0, 1, 2].map((bank): readonly [number, string, readonly number[], string] => [
    9,
    `MSI bank ${bank}`,
    secondaryWords({
      owner: 0x10,
      mappedSize: 4n * KIB,
      ...RW,
      target: 0xf_fe04_4000n + 0x1000n * BigInt(bank),
    }),
    `0 10001b 80 4 f fe04${bank + 4}2c0 0 0`,
  ]),
  [
    11,
    "an unmapped secondary entry",
    secondaryWords({ owner: 0x10, mappedSize: 4n * MIB }),
    "0 100002 80 4 0 540 0 0",
  ],
  [
    13,
    "64 GiB in 256 windows",
    primaryWords({
      size: 64n * GIB,
      windows: 256,
      mappedSize: 256n * MIB,
      ...RW,
      target: 0xf_f000_0000n,
    }),
    "0 8f9 80 74 f f00006c0 0 0",
  ],
  [
    14,
    "8 KiB in 2 windows",
    primaryWords({
      base: 0x2000n,
      size: 8n * KIB,
      windows: 2,
      mappedSize: 4n * KIB,
      valid: true,
      access: 1,
      target: 0x5000n,
      firstSecondary: 0x7ff,
    }),
    "0 2329 80 4 0 52c0 7ff 0",
  ],
  [
    14,
    "4 KiB, a single window",
    primaryWords({ size: 4n * KIB, ...RW, target: 0x123_4000n }),
    "0 2d9 80 4 0 1234000 0 0",
  ],
];

test.each(WORDS)("case %i: %s", (_number, _name, words, expected) => {
  expect(words.map((word) => word.toString(16)).join(" ")).toBe(expected);
});

test("case 15: immediate operations READ→READI, WRITE→WWSA", () => {
  const operations = immediateOperations(["READ", "READI"], ["WRITE", "WWSA"]);
  const words = primaryWords({ size: GIB, operationMode: 1, operations });
  expect([words[3], words[7]]).toEqual([0x0000_0005, 0x0098_819b]);
});

test("case 16: 64 big-endian bytes, the last 32 of them zero", () => {
  const target = 0xf_fe04_4000n;
  const bytes = entryBytes(secondaryWords({ owner: 0x10, mappedSize: 4n * KIB, ...RW, target }));
  expect(bytes).toHaveLength(64);
  expect([...bytes.subarray(4, 8)]).toEqual([0x00, 0x10, 0x00, 0x1b]);
  expect([...bytes.subarray(20, 24)]).toEqual([0xfe, 0x04, 0x42, 0xc0]);
  expect(bytes.subarray(32).every((byte) => byte === 0)).toBe(true);
});

describe("case 17: rows of the operation mapping table", () => {
  test.each([
    ["row 0", QMAN_PORTAL, { 0: 0x80, 1: 0x81, 2: 0x96, 3: 0x9d, 4: 0x90, 7: 0x92 }],
    ["row 1", FMAN, { 0: 0x98, 1: 0x81 }],
  ])("%s", (_name, map, expected) => {
    const row = operationRow(map);
    const there = Object.fromEntries([...row.entries()].filter(([, code]) => code !== 0));
    expect(row).toHaveLength(128);
    expect(there).toEqual(expected);
  });
});

const bits = (count: number): fc.Arbitrary<number> => fc.nat({ max: 2 ** count - 1 });
const pages = fc.bigInt({ min: 0n, max: 2n ** 52n - 1n }).map((page) => page * 4096n);
const sizes = fc.oneof(
  fc.constant(0n),
  fc.integer({ min: 11, max: 63 }).map((code) => 2n << BigInt(code)),
);
const twoBits = fc.constantFrom(0, 1, 2, 3);
const fields = {
  valid: fc.boolean(),
  access: twoBits,
  toIo: fc.boolean(),
  destination: bits(8),
  partitionId: bits(8),
  snoopId: bits(8),
  coherent: fc.boolean(),
  cacheId: bits(8),
  translation: twoBits,
  operationMode: twoBits,
  target: pages,
  mappedSize: sizes,
  operations: bits(32),
};
const primaries: fc.Arbitrary<PrimaryEntry> = fc.record({
  ...fields,
  base: pages,
  size: sizes,
  windows: fc.integer({ min: 0, max: 16 }).map((code) => 2 ** code),
  firstSecondary: bits(32),
});
const secondaries: fc.Arbitrary<SecondaryEntry> = fc.record({ ...fields, owner: bits(16) });

describe("P1: what was encoded is what is decoded, and reserved bits stay zero", () => {
  test("primary entries", () => {
    fc.assert(
      fc.property(primaries, (entry) => {
        const words = primaryWords(entry);
        expect(decodePrimary(words)).toEqual(entry);
        expect((words[2] ?? 0) & 0x7f).toBe(0);
        expect((words[3] ?? 0) & 0xff00_ff00).toBe(0);
        expect((words[5] ?? 0) & 0x3f).toBe(0);
        expect(
          entryBytes(words)
            .subarray(32)
            .every((byte) => byte === 0),
        ).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test("secondary entries", () => {
    fc.assert(
      fc.property(secondaries, (entry) => {
        const words = secondaryWords(entry);
        expect(decodeSecondary(words)).toEqual(entry);
        expect([words[0], words[6]]).toEqual([0, 0]);
        expect((words[1] ?? 0) & 0xffe0).toBe(0);
        expect((words[3] ?? 0) & 0xff00_fff0).toBe(0);
      }),
      { numRuns: 1000 },
    );
  });
});
