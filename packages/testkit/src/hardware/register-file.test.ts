import { expect, test } from "vitest";
import { RegisterFile } from "./register-file.ts";

function file() {
  const writes: [string, bigint][] = [];
  const registers = new RegisterFile<"WIDE" | "NARROW" | "FLAGS">(
    [
      { name: "WIDE", offset: 0, width: 8, reset: 0x1_0000_0002n, writable: 0xff_0000_00f0n },
      { name: "NARROW", offset: 8, width: 4, writable: 0xffn },
      { name: "FLAGS", offset: 12, width: 4, reset: 7n, clearedByOne: 3n },
    ],
    (name, value) => writes.push([name, value]),
  );
  return { registers, writes };
}

test("only writable bits change, and either half may be written alone", () => {
  const { registers } = file();
  registers.write(0, 8, 0xffff_ffff_ffff_ffffn);
  expect(registers.read(0, 8)).toBe(0xff_0000_00f2n);
  registers.write(4, 4, 0n);
  expect(registers.read(0, 8)).toBe(0xf2n);
  registers.write(0, 4, 0n);
  expect([registers.read(0, 4), registers.read(4, 4)]).toEqual([2n, 0n]);
});

test("ones clear the bits that are cleared by one, and no others", () => {
  const { registers } = file();
  registers.write(12, 4, 0xffff_fffdn);
  expect(registers.read(12, 4)).toBe(6n);
});

test("an 8-byte access covers two 4-byte registers", () => {
  const { registers, writes } = file();
  expect(registers.read(8, 8)).toBe(7n << 32n);
  registers.write(8, 8, (2n << 32n) | 0x55n);
  expect(registers.read(8, 8)).toBe((5n << 32n) | 0x55n);
  expect(writes).toEqual([
    ["NARROW", 0x55n],
    ["FLAGS", 2n],
  ]);
});

test("where nothing is declared reads are zero and writes are lost", () => {
  const { registers, writes } = file();
  registers.write(0x100, 8, 1n);
  expect(registers.read(0x100, 8)).toBe(0n);
  expect(writes).toEqual([]);
});

test("tables that overlap are refused", () => {
  const overlapping = [
    { name: "A", offset: 0, width: 8 },
    { name: "B", offset: 4, width: 4 },
  ] as const;
  expect(() => new RegisterFile(overlapping, () => undefined)).toThrow("overlaps");
});
