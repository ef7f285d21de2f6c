import { expect, test } from "vitest";
import { VtdIommu, type VtdOptions } from "../../hardware/vtd/vtd-iommu.ts";
import { PhysicalMemory } from "../../memory/physical-memory.ts";
import { VtdDriver } from "./vtd-driver.ts";

const DEVICE = 0x18;
const OTHER = 0x0520;
const BOTH = { read: true, write: true };

function vtd(options: Partial<VtdOptions> = {}) {
  const memory = new PhysicalMemory();
  const hardware = new VtdIommu({ ...options, memory });
  return { hardware, driver: new VtdDriver({ memory, registers: hardware.registers }) };
}

test.each([39, 48, 57] as const)("%i bits make the aperture", (addressWidth) => {
  const domain = vtd({ addressWidth }).driver.createDomain();
  expect(domain.aperture).toEqual({ first: 0, last: 2 ** (addressWidth - 12) - 1 });
});

test.each([
  [true, true, 0x4020_1000n],
  [true, false, 0x20_1000n],
  [false, false, 0x1000n],
])("pages 2M %s, 1G %s make the bitmap", (pages2M, pages1G, bitmap) => {
  expect(vtd({ pages2M, pages1G }).driver.createDomain().pageSizes).toBe(bitmap);
});

test("coherency is enforced with snoop control, and the entries still translate", () => {
  expect(vtd().driver.createDomain().enforcesCoherency).toBe(false);
  const { driver, hardware } = vtd({ snoopControl: true });
  const domain = driver.createDomain();
  expect(domain.enforcesCoherency).toBe(true);
  domain.attach(DEVICE);
  domain.map(0, 0x40_0000, 513, BOTH);
  expect(hardware.translateFrame(DEVICE, 512, "write")).toBe(0x40_0200);
});

test("reserved regions are the interrupt window and what firmware adds", () => {
  const memory = new PhysicalMemory();
  const unit = new VtdIommu({ memory, interruptRemapping: false });
  const rmrr = { first: 0x1000, last: 0x1fff, type: "direct" } as const;
  const driver = new VtdDriver({
    memory,
    registers: unit.registers,
    extraRegions: new Map([[DEVICE, [rmrr]]]),
  });
  const msi = { first: 0xfee00, last: 0xfeeff, type: "msi" };
  expect(driver.reservedRegions(DEVICE)).toEqual([rmrr, msi]);
  expect(driver.reservedRegions(OTHER)).toEqual([msi]);
  expect(driver.interruptsIsolated).toBe(false);
  expect(vtd().driver.interruptsIsolated).toBe(true);
});

test("a page that is mapped is not mapped over", () => {
  const domain = vtd().driver.createDomain();
  domain.map(0x200, 0x40_0000, 512, BOTH);
  expect(() => domain.map(0x201, 0x12_0000, 1, BOTH)).toThrow("mapped already");
  expect(() => domain.map(0x200, 0x40_0000, 512, BOTH)).toThrow("present entry");
});
