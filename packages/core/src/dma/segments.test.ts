import { expect, test } from "vitest";
import { bytes, hostAddress } from "../address/address.ts";
import { isIommuError } from "../errors/base.ts";
import { coalesce } from "./segments.ts";

const at = (host: number, size: number) => ({ host: hostAddress(host), size: bytes(size) });

test("behavior: neighbours become one, others and reversed ones do not", () => {
  expect(coalesce([at(0x1000, 0x1000), at(0x2000, 0x2000), at(0x4000, 0x1000)])).toEqual([
    at(0x1000, 0x4000),
  ]);
  expect(coalesce([at(0x2000, 0x1000), at(0x1000, 0x1000)])).toHaveLength(2);
  expect(coalesce([at(0x1000, 0x1000), at(0x3000, 0x1000), at(0x4000, 0x1000)])).toEqual([
    at(0x1000, 0x1000),
    at(0x3000, 0x2000),
  ]);
});

test("error: nothing, a segment of nothing, a run over 64 bits", () => {
  const code = (segments: Parameters<typeof coalesce>[0]): string => {
    try {
      coalesce(segments);
    } catch (error) {
      return isIommuError(error) ? error.code : String(error);
    }
    return "none";
  };
  expect(code([])).toBe("zero-size");
  expect(code([at(0x1000, 0)])).toBe("zero-size");
  expect(code([{ host: hostAddress(2n ** 64n - 4096n), size: bytes(8192) }])).toBe(
    "invalid-address",
  );
});
