import { expect, test } from "vitest";
import {
  at,
  putFrames,
  type StructTable,
  StructView,
  u32At,
  wholeFramesAt,
} from "./struct-view.ts";

const TABLE: StructTable<"half" | "word" | "long"> = {
  struct: "sample",
  size: 16,
  fields: { half: at(0, 2), word: at(4, 4), long: at(8, 8) },
};

test.each(["little", "big"] as const)("behavior: %s-endian values come back", (order) => {
  const bytes = new Uint8Array(16);
  const view = new StructView(TABLE, bytes, order);
  view.setU16("half", 0x1234);
  view.setU32("word", 0xfedc_ba98);
  view.setU64("long", 0xffff_ffff_ffff_f123n);
  expect([view.u16("half"), view.u32("word"), view.s32("word")]).toEqual([
    0x1234,
    0xfedc_ba98,
    0xfedc_ba98 - 2 ** 32,
  ]);
  expect(view.u64("long")).toBe(0xffff_ffff_ffff_f123n);
  expect([view.frames("long"), view.inFrame("long")]).toEqual([2 ** 52 - 1, 0x123]);
  expect(bytes[order === "little" ? 0 : 1]).toBe(0x34);
});

test.each(["little", "big"] as const)("behavior: by place as by name, %s-endian", (order) => {
  const bytes = new Uint8Array(16);
  const view = new StructView(TABLE, bytes, order);
  const { word, long } = TABLE.fields;
  view.setU32("word", 0xfedc_ba98);
  expect(u32At(bytes, word, order)).toBe(0xfedc_ba98);
  for (const frames of [0, 1, 0xf_ffff, 0x10_0000, 2 ** 51 + 3, 2 ** 52 - 1]) {
    putFrames(bytes, long, order, frames);
    expect(view.u64("long")).toBe(BigInt(frames) << 12n);
    expect(wholeFramesAt(bytes, long, order)).toBe(frames);
    view.setU64("long", (BigInt(frames) << 12n) | 1n);
    expect(wholeFramesAt(bytes, long, order)).toBe(-1);
  }
});

test("error: a place outside the struct throws", () => {
  const bytes = new Uint8Array(6);
  expect(() => u32At(bytes, at(4, 4), "little")).toThrow(RangeError);
  expect(() => wholeFramesAt(bytes, at(0, 8), "little")).toThrow(RangeError);
  expect(() => putFrames(bytes, at(0, 8), "little", 1)).toThrow(RangeError);
});
