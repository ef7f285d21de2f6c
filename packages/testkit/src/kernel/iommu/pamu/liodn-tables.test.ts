// The words of every kind of entry that the kernel writes, as pamu.md 5, A gives them.

import { expect, test } from "vitest";
import { PhysicalMemory } from "../../../memory/physical-memory.ts";
import { type Aperture, LiodnTables } from "./liodn-tables.ts";

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const BOTH = { read: true, write: true };
const READ = { read: true, write: false };

function tables(): LiodnTables {
  return new LiodnTables(new PhysicalMemory());
}

function words(table: LiodnTables["primary"], index: number): string {
  return Array.from({ length: 8 }, (_, word) => table.word(index, word))
    .map((word) => (word === 0 ? "0" : word.toString(16).toUpperCase().padStart(8, "0")))
    .join(" ");
}

/** An aperture with its secondary entries. */
function divided(aperture: Aperture, liodn = 0x10): LiodnTables {
  const made = tables();
  made.setAperture(liodn, aperture, made.allocateSecondary(aperture.windows));
  return made;
}

const LARGE: Aperture = { start: 0, size: GIB, windows: 256 };

test("case 4: the boot-time identity window", () => {
  const made = tables();
  made.setIdentity(0x10);
  expect(words(made.primary, 0x10)).toBe("0 000008D9 00000080 0 0 0 0 0");
});

test("case 6: 1 GiB in 256 windows after SET WINDOWS", () => {
  const made = divided(LARGE);
  expect(words(made.primary, 0x10)).toBe("0 00000760 00000080 00000074 0 00000540 0 0");
});

test("case 7: window 0, read-write, to 0x240000000, and V", () => {
  const made = divided(LARGE);
  expect(made.setWindow(0x10, 0, { pa: 0x2_4000_0000, size: 4 * MIB, prot: BOTH })).toBe(0);
  made.setValid(0x10, true);
  const expected = "0 00000779 00000080 00000074 00000002 40000540 0 0";
  expect(words(made.primary, 0x10)).toBe(expected);
});

test("cases 8 and 11: a secondary entry with a window, and one without", () => {
  const made = divided(LARGE);
  made.setWindow(0x10, 1, { pa: 0x2_c040_0000, size: 4 * MIB, prot: BOTH });
  expect(words(made.secondary, 0)).toBe("0 0010001B 00000080 00000004 00000002 C0400540 0 0");
  expect(words(made.secondary, 1)).toBe("0 00100002 00000080 00000004 0 00000540 0 0");
});

test.each([
  [0, "FE0442C0"],
  [1, "FE0452C0"],
  [2, "FE0462C0"],
])("case 9: MSI bank %d", (bank, word) => {
  const made = divided(LARGE);
  const pa = 0xf_fe04_4140 + bank * 0x1000;
  made.setWindow(0x10, 128, { pa, size: 4096, prot: BOTH });
  expect(words(made.secondary, 127)).toBe(`0 0010001B 00000080 00000004 0000000F ${word} 0 0`);
});

test("case 13: 64 GiB in 256 windows", () => {
  const made = divided({ start: 0, size: 64 * GIB, windows: 256 }, 0x71);
  made.setWindow(0x71, 0, { pa: 0xf_f000_0000, size: 256 * MIB, prot: BOTH });
  made.setValid(0x71, true);
  expect(words(made.primary, 0x71)).toBe("0 000008F9 00000080 00000074 0000000F F00006C0 0 0");
});

test("case 14: the smallest aperture of two windows, with the last secondary entry", () => {
  const made = tables();
  made.setAperture(0x60, { start: 0x2000, size: 0x2000, windows: 2 }, 0x7ff);
  made.setWindow(0x60, 0, { pa: 0x5000, size: 4096, prot: READ });
  made.setValid(0x60, true);
  expect(words(made.primary, 0x60)).toBe("0 00002329 00000080 00000004 0 000052C0 000007FF 0");
});

test("case 14: one window of 4 KiB", () => {
  const made = divided({ start: 0, size: 4096, windows: 1 });
  expect(made.setOnlyWindow(0x10, { pa: 0x123_4000, size: 4096, prot: BOTH })).toBe(0);
  made.setValid(0x10, true);
  expect(words(made.primary, 0x10)).toBe("0 000002D9 00000080 00000004 0 01234000 0 0");
});

test("case 16: the bytes of an entry in memory", () => {
  const memory = new PhysicalMemory();
  const made = new LiodnTables(memory);
  made.setAperture(0x10, LARGE, made.allocateSecondary(256));
  made.setWindow(0x10, 128, { pa: 0xf_fe04_4140, size: 4096, prot: BOTH });
  const bytes = new Uint8Array(64);
  const address = made.places.secondary.base + 127 * 64;
  memory.read(Math.floor(address / 4096), address % 4096, bytes);
  expect([...bytes.subarray(4, 8)]).toEqual([0x00, 0x10, 0x00, 0x1b]);
  expect([...bytes.subarray(20, 24)]).toEqual([0xfe, 0x04, 0x42, 0xc0]);
  expect(bytes.subarray(32).every((byte) => byte === 0)).toBe(true);
});

test("sizes that no entry can hold are refused, and nothing is written", () => {
  const made = divided(LARGE);
  const before = words(made.secondary, 0);
  for (const size of [3 * MIB, 2048, 0])
    expect(made.setWindow(0x10, 1, { pa: 0, size, prot: BOTH }), `${size}`).toBe(-22);
  expect(words(made.secondary, 0)).toBe(before);
  expect(made.setOnlyWindow(0x10, { pa: 0, size: 3 * MIB, prot: BOTH })).toBe(-22);
});
