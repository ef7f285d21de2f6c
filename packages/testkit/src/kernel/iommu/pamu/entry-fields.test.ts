// Encodings of the kernel's side: sizes, counts, fields, and the capability register.

import { describe, expect, test } from "vitest";
import { EINVAL } from "../../errno.ts";
import * as field from "./entry-fields.ts";
import { EntryTable } from "./entry-table.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

test.each([
  [4 * KIB, 11],
  [8 * KIB, 12],
  [64 * KIB, 15],
  [MIB, 19],
  [4 * MIB, 21],
  [GIB, 29],
  [4 * GIB, 31],
  [64 * GIB, 35],
  [6 * KIB, -EINVAL],
  [0, -EINVAL],
  [2 * KIB, -EINVAL],
])("case 1: code of %d bytes is %d", (size, code) => {
  expect(field.sizeCode(size)).toBe(code);
});

test.each([
  [2, 0],
  [4, 1],
  [16, 3],
  [256, 7],
  [1, -EINVAL],
  [3, -EINVAL],
])("case 2: code of %d windows is %d", (windows, code) => {
  expect(field.countCode(windows)).toBe(code);
});

test.each([
  [0x00e0_0000, 256],
  [0x0060_0000, 16],
  [0, 2],
  [0x01e0_0000, 65_536],
])("case 3: PC3 0x%x offers %d windows", (pc3, windows) => {
  expect(field.mostWindows(pc3)).toBe(windows);
});

describe("an entry in memory", () => {
  const bytes = new Uint8Array(2 * field.PAACE_BYTES);
  const table = new EntryTable(bytes);

  test("fields share words and keep each other, big-endian", () => {
    table.set(1, field.LIODN, 0x10);
    table.set(1, field.AP, 3);
    table.set(1, field.PT, 1);
    table.set(1, field.V, 1);
    table.set(1, field.FSPI, 0xffff_fffe);
    expect([...bytes.subarray(64 + 4, 64 + 8)]).toEqual([0x00, 0x10, 0x00, 0x1b]);
    expect([table.get(1, field.LIODN), table.get(1, field.AP)]).toEqual([0x10, 3]);
    expect(table.get(1, field.FSPI)).toBe(0xffff_fffe);
    table.set(1, field.AP, 0);
    expect(table.word(1, 1)).toBe(0x0010_0003);
    expect(bytes.subarray(0, 64).every((byte) => byte === 0)).toBe(true);
  });

  test("a neighbour cannot be reached by a wrong index", () => {
    for (const index of [-1, 2, 0.5]) expect(() => table.word(index, 0)).toThrow(RangeError);
  });
});
