import { expect, test } from "vitest";
import { AmdIommu } from "../../hardware/amdvi/amd-iommu.ts";
import { BLOCKED } from "../../hardware/iommu-hardware.ts";
import { PhysicalMemory } from "../../memory/physical-memory.ts";
import { AmdDriver } from "./amdvi-driver.ts";

const DEVICE = 0x18;
const BOTH = { read: true, write: true };

function amd(levels: 4 | 5 | 6 = 6) {
  const memory = new PhysicalMemory();
  const hardware = new AmdIommu({ memory, levels });
  return { memory, hardware, driver: new AmdDriver({ memory, registers: hardware.registers }) };
}

test("64 bits, every power of two but 512 GiB, coherency, two reserved regions", () => {
  const { driver } = amd();
  const domain = driver.createDomain();
  expect(domain.aperture).toEqual({ first: 0, last: 2 ** 52 - 1 });
  expect(domain.pageSizes).toBe(0x000f_ff7f_ffff_f000n);
  expect(domain.enforcesCoherency).toBe(true);
  expect(driver.reservedRegions(DEVICE)).toEqual([
    { first: 0xfee00, last: 0xfeeff, type: "msi" },
    { first: 0xfd0_0000, last: 0xfff_ffff, type: "reserved" },
  ]);
  expect(amd(4).driver.createDomain().aperture.last).toBe(2 ** 36 - 1);
});

test("the table grows level by level under a device that keeps working", () => {
  const { driver, hardware } = amd();
  const domain = driver.createDomain();
  domain.attach(DEVICE);
  domain.map(5, 0x12_0000, 1, BOTH);
  for (const [frame, levels] of [
    [2 ** 27 - 1, 3],
    [2 ** 27, 4],
    [2 ** 36, 5],
    [2 ** 52 - 1, 6],
  ] as const) {
    domain.map(frame, 0x13_0000 + levels, 1, BOTH);
    expect(domain.levels).toBe(levels);
    expect(hardware.translateFrame(DEVICE, 5, "read")).toBe(0x12_0000);
    expect(hardware.translateFrame(DEVICE, frame, "read")).toBe(0x13_0000 + levels);
  }
});

test("a page of the same size is mapped over, as the kernel does", () => {
  const { driver, hardware, memory } = amd();
  const domain = driver.createDomain();
  domain.attach(DEVICE);
  domain.map(2 ** 52 - 1, 0x11_0000, 1, BOTH);
  domain.unmap(2 ** 52 - 1, 1);
  const tables = memory.tables.inUse;
  domain.map(2 ** 52 - 1, 0x12_0000, 1, BOTH);
  domain.map(2 ** 52 - 1, 0x13_0000, 1, BOTH);
  expect(hardware.translateFrame(DEVICE, 2 ** 52 - 1, "read")).toBe(0x13_0000);
  expect(domain.unmap(2 ** 52 - 1, 1)).toBe(1);
  expect(hardware.translateFrame(DEVICE, 2 ** 52 - 1, "read")).toBe(BLOCKED);
  expect(memory.tables.inUse).toBe(tables);
});
