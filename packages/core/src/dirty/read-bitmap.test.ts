import { expect, test } from "vitest";
import { bytes, iova } from "../address/address.ts";
import type { DirtyBitmap } from "../contract/dirty.ts";
import { dirtyExtents, isDirty } from "./read-bitmap.ts";

const PAGE = 4096;

test("pages behind the end of the bits are clean", () => {
  const short: DirtyBitmap = {
    iova: iova(0x10_0000),
    size: bytes(20 * PAGE),
    pageSize: PAGE,
    bits: Uint8Array.of(0b1000_0001),
    unknown: [],
  };
  const page = (n: number): boolean => isDirty(short, iova(0x10_0000 + n * PAGE));
  expect([0, 1, 7, 8, 19].map(page)).toEqual([true, false, true, false, false]);
  expect(isDirty(short, iova(0x10_0000 - 1))).toBe(false);
  expect(page(20)).toBe(false);
  expect([...dirtyExtents(short)]).toEqual([
    { iova: 0x10_0000n, size: 4096n },
    { iova: 0x10_7000n, size: 4096n },
  ]);
});
