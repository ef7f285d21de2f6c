import { describe, expect, test } from "vitest";
import { isIommuError } from "../errors/base.ts";
import type { Fields } from "./layout.ts";
import {
  arrayOf,
  nested,
  pointer,
  reserved,
  s32,
  slotSize,
  struct,
  tail,
  u8,
  u16,
  u32,
  u64,
} from "./layout.ts";

const HEADER = struct("header", 8, { id: u16(0), version: u16(2), next: u32(4) });

test("default: every byte has one field; the table is frozen", () => {
  const layout = struct("all", 0x30, {
    a: u8(0),
    b: u8(1),
    c: u16(2),
    d: s32(4),
    e: u64(8),
    f: nested(0x10, HEADER),
    g: arrayOf(0x18, "u32", 3),
    gap: reserved(0x24, 4),
    h: pointer(0x28),
    i: tail(0x30, HEADER),
  });
  expect(Object.values(layout.fields).map(slotSize)).toEqual([1, 1, 2, 4, 8, 8, 12, 4, 8, 0]);
  expect(Object.isFrozen(layout) && Object.isFrozen(layout.fields)).toBe(true);
});

test("behavior: fields may be listed in any order", () => {
  expect(struct("s", 8, { b: u32(4), a: u32(0) }).size).toBe(8);
});

test("behavior: members of an anonymous union share their place", () => {
  const union = struct("s", 8, { a: u32(0), b: u16(0, { overlays: "a" }), c: u32(4) });
  expect(union.size).toBe(8);
  const ofStructs = { a: u64(0), b: u32(0, { overlays: "a" }), c: u32(4, { overlays: "a" }) };
  expect(struct("s", 8, ofStructs).size).toBe(8);
});

const WRONG: Readonly<Record<string, readonly [number, Fields, string]>> = {
  "a gap that is not declared": [8, { a: u32(0), b: u16(6) }, "gap from 4"],
  "a gap at the start": [8, { a: u32(4) }, "gap from 0"],
  "a size beyond the last field": [16, { a: u64(0) }, "stated as 16 bytes but its fields end at 8"],
  "a size before the last field": [4, { a: u64(0) }, "stated as 4 bytes"],
  "an overlap": [8, { a: u64(0), b: u32(4) }, "overlaps the field before it, which ends at 8"],
  "two fields at one place": [8, { a: u32(0), b: u32(0), c: u32(4) }, "overlaps"],
  "a reserved gap that overlaps": [8, { a: u64(0), gap: reserved(4, 4) }, "overlaps"],
  "a misaligned scalar": [12, { a: u32(0), b: u64(4) }, "natural alignment"],
  "a misaligned struct": [12, { a: u16(0), b: nested(2, HEADER), c: u16(10) }, "natural alignment"],
  "a misaligned array": [10, { a: u16(0), b: arrayOf(2, "u32", 2) }, "natural alignment"],
  "a negative offset": [4, { a: u32(-4) }, "overlaps"],
  "a tail before the end": [8, { a: u32(0), t: tail(4, "u8"), b: u32(4) }, "is not the end"],
  "a tail behind the end": [4, { a: u32(0), t: tail(8, "u8") }, "gap from 4"],
  "a union with no first member": [4, { a: u32(0, { overlays: "b" }) }, "overlays no field b"],
  "a union elsewhere": [8, { a: u32(0), b: u32(4), c: u32(4, { overlays: "a" }) }, "place of a"],
  "a union member that is larger": [
    8,
    { a: u32(0), b: u64(0, { overlays: "a" }) },
    "larger than a",
  ],
};

describe.each(Object.entries(WRONG))("error: %s", (_name, [size, fields, message]) => {
  test("is refused with the field's name", () => {
    const make = () => struct("s", size, fields);
    expect(make).toThrow(message);
    expect(make).toThrow(expect.toSatisfy((error) => isIommuError(error, "invalid-argument")));
  });
});
