import { expect, test } from "vitest";
import { formatAddress, formatRange, formatSize, GiB } from "./units.ts";

test("default: the largest unit that divides", () => {
  expect(formatSize(0)).toBe("0 bytes");
  expect(formatSize(4096)).toBe("4 KiB");
  expect(formatSize(4097)).toBe("4097 bytes");
  expect(formatSize(512 * GiB)).toBe("512 GiB");
  expect(formatSize(2n ** 63n)).toBe("8 EiB");
  expect(formatSize(2n ** 64n - 2n ** 40n - 4096n)).toBe("about 16 EiB");
  expect(formatSize(0x7f_ffff_ffff)).toBe("about 512 GiB");
});

test("default: addresses in groups of four digits", () => {
  expect(formatAddress(0n)).toBe("0x0");
  expect(formatAddress(0xfee00000n)).toBe("0xfee0_0000");
  expect(formatAddress(2n ** 64n - 1n)).toBe("0xffff_ffff_ffff_ffff");
});

test("edge: a range shows its last byte, also the last of 64 bits", () => {
  expect(formatRange(0x1000n, 0x1000n)).toBe("0x1000..0x1fff (4 KiB)");
  expect(formatRange(2n ** 64n - 4096n, 4096n)).toBe(
    "0xffff_ffff_ffff_f000..0xffff_ffff_ffff_ffff (4 KiB)",
  );
  expect(formatRange(0x1000n, 0n)).toBe("0x1000 (empty)");
});
