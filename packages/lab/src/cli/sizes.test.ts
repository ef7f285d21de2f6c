import { expect, test } from "vitest";
import { parseSize } from "./sizes.ts";

test.each([
  ["0", 0n],
  ["4096", 4096n],
  ["4K", 4096n],
  ["4KiB", 4096n],
  ["4m", 4n << 20n],
  ["1.5G", 3n << 29n],
  ["0.5K", 512n],
  ["512M+2K", (512n << 20n) + 2048n],
  ["0x20000000", 0x2000_0000n],
  ["0x2000_0000", 0x2000_0000n],
  ["16777215T", (1n << 64n) - (1n << 40n)],
])("%s is %s bytes", (text, size) => {
  expect(parseSize("ram", text)).toBe(size);
});

test.each(["", "K", "-1", "4Q", "1.3", "1..5G", "4 K", "0x", "1e9", "16777216T", "4K+", "4K4K"])(
  "error: %j is none",
  (text) => {
    expect(() => parseSize("ram", text)).toThrow(
      expect.objectContaining({ code: "invalid-option", hint: expect.stringContaining("1.5G") }),
    );
  },
);
