import { expect, test } from "vitest";
import { changedBytes, changedMemory, lockedKib } from "./result.ts";

const BEFORE = new Uint8Array(16).fill(0xee);

test("default: ranges that changed, with their bytes", () => {
  const after = BEFORE.slice();
  after.set([1, 2], 3);
  after[9] = 0;
  expect(changedBytes("w", BEFORE, after)).toBe(" w3:0102 w9:00");
  expect(changedBytes("w", BEFORE, BEFORE)).toBe("");
});

test("behavior: a range that crosses words is one", () => {
  const after = BEFORE.slice().fill(0, 2, 14);
  expect(changedBytes("w", BEFORE, after)).toBe(` w2:${"00".repeat(12)}`);
});

test.each([1, 2, 3, 5, 7])("behavior: all of %i bytes are looked at", (length) => {
  const before = new Uint8Array(length).fill(0xee);
  for (let at = 0; at < length; at++) {
    const after = before.slice();
    after[at] = 0x0a;
    expect(changedBytes("w", before, after)).toBe(` w${at}:0a`);
  }
});

test("behavior: long ranges by length and hash, which is the bytes' own", () => {
  const one = BEFORE.slice().fill(1, 0, 8);
  const two = BEFORE.slice().fill(2, 0, 8);
  expect(changedMemory("m", BEFORE, one)).toMatch(/^ m0\+8:[0-9a-f]+$/);
  expect(changedMemory("m", BEFORE, one)).not.toBe(changedMemory("m", BEFORE, two));
});

test.each([
  ["Name:\tnode\nVmLck:\t      16 kB\nVmPin:\t 0 kB\n", 16],
  ["Name:\tnode\n", -1],
  [-2, -1],
])("behavior: locked memory of %j is %i", (status, kib) => {
  expect(lockedKib(status)).toBe(kib);
});
