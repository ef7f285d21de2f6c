import { expect, test } from "vitest";
import { isIommuError } from "../errors/base.ts";
import { memory, scalarAccess } from "./memory.ts";
import { abiProfile, MACHINE_BYTE_ORDER } from "./profile.ts";

const same = abiProfile(MACHINE_BYTE_ORDER === "little" ? "ppc64le" : "ppc64", 4096);
const other = abiProfile(MACHINE_BYTE_ORDER === "little" ? "ppc64" : "ppc64le", 4096);

test("behavior: whole elements are used only in this machine's order and at their alignment", () => {
  const bytes = new Uint8Array(32);
  const views = (abi: typeof same, start: number) => {
    const { words, longs } = memory(abi, bytes.subarray(start));
    return [words?.length, longs?.length];
  };
  expect(views(same, 0)).toEqual([8, 4]);
  expect(views(same, 4)).toEqual([7, undefined]);
  expect(views(same, 1)).toEqual([undefined, undefined]);
  expect(views(other, 0)).toEqual([undefined, undefined]);
});

test.each([-4, -1, 5, 8, Number.NaN])(
  "error: an accessor at byte %s is not inside 8 bytes",
  (offset) => {
    for (const abi of [same, other])
      expect(() =>
        scalarAccess("u32", memory(abi, new Uint8Array(8)), offset, "thing.field"),
      ).toThrow(expect.toSatisfy((error) => isIommuError(error, "invalid-argument")));
  },
);

test.each([
  ["u8", 0xff, 0x100],
  ["u16", 0xffff, 0x1_0000],
  ["u32", 0xffff_ffff, 2 ** 32],
] as const)(
  "error: a %s takes its own values and no other, in either byte order",
  (kind, most, over) => {
    for (const abi of [same, other]) {
      const field = scalarAccess(kind, memory(abi, new Uint8Array(8)), 4, "thing.field");
      field.set(most);
      for (const value of [over, -1, 0.5, Number.NaN])
        expect(() => field.set(value)).toThrow(
          expect.toSatisfy((error) => isIommuError(error, "invalid-argument")),
        );
      expect(field.get()).toBe(most);
    }
  },
);
