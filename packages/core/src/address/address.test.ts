import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { isIommuError } from "../errors/base.ts";
import {
  bytes,
  frameCount,
  framesToSize,
  frameToIova,
  hostAddress,
  hostPlus,
  iova,
  iovaPlus,
  pageFrame,
} from "./address.ts";

const LAST = 2n ** 64n - 1n;

/** What a caller without a compiler may pass. */
const NOT_ADDRESSES: readonly [string, unknown][] = [
  ["negative number", -1],
  ["negative bigint", -1n],
  ["fractional", 1.5],
  ["NaN", Number.NaN],
  ["infinite", Number.POSITIVE_INFINITY],
  ["inexact number", 2 ** 53],
  ["2^64", 2n ** 64n],
  ["string", "4096"],
  ["null", null],
  ["undefined", undefined],
  ["object", {}],
  ["boolean", true],
];

/** `constructor` as JavaScript sees it. */
function call(make: (value: never) => unknown, value: unknown): unknown {
  return Reflect.apply(make, undefined, [value]);
}

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    return isIommuError(error) ? error.code : String(error);
  }
  return undefined;
}

describe("address constructors", () => {
  for (const [name, make] of [
    ["iova", iova],
    ["hostAddress", hostAddress],
    ["bytes", bytes],
  ] as const)
    test.each(NOT_ADDRESSES)(`error: ${name}(%s) is invalid-address`, (_, value) => {
      expect(codeOf(() => call(make, value))).toBe("invalid-address");
    });

  test("default: bigints and safe integers become the same address", () => {
    expect(iova(4096)).toBe(4096n);
    expect(iova(4096n)).toBe(4096n);
    expect(iova(0)).toBe(0n);
    expect(iova(-0)).toBe(0n);
    expect(hostAddress(LAST)).toBe(LAST);
    expect(bytes(Number.MAX_SAFE_INTEGER)).toBe(BigInt(Number.MAX_SAFE_INTEGER));
  });

  test("edge: additions may reach the last byte and not one more", () => {
    expect(iovaPlus(iova(LAST - 1n), 1)).toBe(LAST);
    expect(codeOf(() => iovaPlus(iova(LAST), 1))).toBe("invalid-address");
    expect(codeOf(() => hostPlus(hostAddress(LAST), 1n))).toBe("invalid-address");
    expect(codeOf(() => iovaPlus(iova(10), -1))).toBe("invalid-address");
  });

  property.prop([fc.bigInt({ min: 0n, max: 2n ** 52n - 1n })])(
    "behavior: a page frame is exact over all of 64 bits",
    (frame) => {
      const address = iova(frame << 12n);
      expect(frameToIova(pageFrame(address))).toBe(address);
      expect(framesToSize(frameCount(bytes(frame << 12n)))).toBe(frame << 12n);
    },
  );

  test("behavior: an error says what was passed and what is right", () => {
    expect(() => iova(-5)).toThrow(/IOVA -5 is negative[\s\S]*hint: pass a bigint/);
    expect(() => bytes(2n ** 64n)).toThrow(/size 0x10000000000000000 does not fit in 64 bits/);
  });
});
