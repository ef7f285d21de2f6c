import { expect, test } from "vitest";
import { codeOf } from "../test/kernel-facts.ts";
import { detectAbi } from "./abi-detect.ts";

test.each([
  ["x64", "LE", 4096, "x86_64", "generic"],
  ["ppc64", "LE", 65536, "ppc64le", "powerpc"],
  ["ppc64", "BE", 4096, "ppc64", "powerpc"],
  ["ppc", "BE", 4096, "ppc32", "powerpc"],
] as const)("default: %s %s with pages of %i", (arch, endianness, pageSize, name, encoding) => {
  const abi = detectAbi({ arch, endianness, pageSize });
  expect(abi).toMatchObject({ arch: name, ioctlEncoding: encoding, pageSize });
  expect(abi.byteOrder).toBe(endianness === "LE" ? "little" : "big");
});

test.each([
  ["arm64", "LE"],
  ["s390x", "BE"],
  ["x64", "BE"],
  ["", "LE"],
] as const)("error: %s %s has no profile", (arch, endianness) => {
  expect(codeOf(() => detectAbi({ arch, endianness, pageSize: 4096 }))).toBe("not-offered");
});

test("error: a page size that is none", () => {
  const machine = { arch: "x64", endianness: "LE", pageSize: 5000 } as const;
  expect(codeOf(() => detectAbi(machine))).toBe("invalid-argument");
});
