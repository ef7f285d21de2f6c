import type { KernelPort } from "@iommukit/core";
import { expect, test } from "vitest";
import { codeOf } from "../test/kernel-facts.ts";
import { linuxHost } from "./linux-host.ts";
import { readLockLimits } from "./locked-limit.ts";

const real = linuxHost();

function withTexts(limits: string | number, status: string | number): KernelPort {
  const readText = (path: string): string | number => (path.endsWith("limits") ? limits : status);
  return Object.assign(Object.create(real), { abi: real.abi, readText });
}

const line = (soft: string, hard: string): string =>
  `Max open files            20000                20000                files     \nMax locked memory         ${soft.padEnd(20)} ${hard.padEnd(20)} bytes     \n`;
const STATUS = "VmPin:\t       8 kB\nVmLck:\t     256 kB\nCapEff:\t0000000000004000\n";

test("default: this process", () => {
  const limits = readLockLimits(real);
  expect(limits.locked).toBeGreaterThanOrEqual(0n);
  if (limits.hard !== undefined) expect(limits.soft ?? 0n).toBeLessThanOrEqual(limits.hard);
});

test("default: numbers, unlimited, capability", () => {
  const port = withTexts(line("8388608", "unlimited"), STATUS);
  expect(readLockLimits(port)).toEqual({
    soft: 8_388_608n,
    hard: undefined,
    locked: 262_144n,
    pinned: 8192n,
    exempt: true,
  });
  const plain = withTexts(line("0", "0"), STATUS.replace("4000", "0000"));
  expect(readLockLimits(plain)).toMatchObject({ soft: 0n, hard: 0n, exempt: false });
  const most = withTexts(line("18446744073709551614", "unlimited"), STATUS);
  expect(readLockLimits(most).soft).toBe(2n ** 64n - 2n);
});

test.each([
  ["no line", "", STATUS, "kernel-misbehaved"],
  ["a negative limit", line("-1", "0"), STATUS, "kernel-misbehaved"],
  ["another unit", line("1", "1").replace("bytes", "pages"), STATUS, "kernel-misbehaved"],
  ["no VmLck", line("1", "1"), STATUS.replace("VmLck", "VmX"), "kernel-misbehaved"],
  [
    "short capabilities",
    line("1", "1"),
    STATUS.replace("0000000000004000", "4"),
    "kernel-misbehaved",
  ],
  ["no limits", -13, STATUS, "permission-denied"],
  ["no status", line("1", "1"), -2, "kernel-refused"],
])("error: %s", (_, limits, status, code) => {
  expect(codeOf(() => readLockLimits(withTexts(limits, status)))).toBe(code);
});
