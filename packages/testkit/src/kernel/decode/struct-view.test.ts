import { expect, test } from "vitest";
import { at, type StructTable, StructView } from "./struct-view.ts";

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
