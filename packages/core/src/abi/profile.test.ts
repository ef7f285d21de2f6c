import { expect, test } from "vitest";
import { isIommuError } from "../errors/base.ts";
import { ARCHES, abiProfile, isArch, MACHINE_BYTE_ORDER } from "./profile.ts";

test("default: four architectures, each with the page size it was given", () => {
  expect(ARCHES.map((arch) => abiProfile(arch, 65536))).toEqual([
    {
      arch: "x86_64",
      byteOrder: "little",
      wordBits: 64,
      pageSize: 65536,
      ioctlEncoding: "generic",
    },
    {
      arch: "ppc64le",
      byteOrder: "little",
      wordBits: 64,
      pageSize: 65536,
      ioctlEncoding: "powerpc",
    },
    { arch: "ppc64", byteOrder: "big", wordBits: 64, pageSize: 65536, ioctlEncoding: "powerpc" },
    { arch: "ppc32", byteOrder: "big", wordBits: 32, pageSize: 65536, ioctlEncoding: "powerpc" },
  ]);
});

test("behavior: a profile cannot be changed", () => {
  expect(Object.isFrozen(abiProfile("ppc64", 4096))).toBe(true);
});

test("behavior: a name is an architecture or not, inherited names included", () => {
  expect(["x86_64", "ppc32"].map(isArch)).toEqual([true, true]);
  expect(["arm64", "toString", "__proto__", ""].map(isArch)).toEqual([false, false, false, false]);
});

test.each([0, -4096, 1, 2048, 4097, 12288, 4096.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 25])(
  "error: %s is no page size",
  (pageSize) => {
    expect(refusal(() => abiProfile("x86_64", pageSize))).toBe(true);
  },
);

test("error: an architecture from outside the types is refused", () => {
  const name: string = "arm64";
  expect(refusal(() => abiProfile(name as "x86_64", 4096))).toBe(true);
});

test("behavior: the machine's byte order is what a DataView shows of a Uint16Array", () => {
  const view = new DataView(new Uint16Array([0x0102]).buffer);
  expect(MACHINE_BYTE_ORDER).toBe(view.getUint8(0) === 2 ? "little" : "big");
});

function refusal(action: () => unknown): boolean {
  try {
    action();
    return false;
  } catch (error) {
    return isIommuError(error, "invalid-argument");
  }
}
