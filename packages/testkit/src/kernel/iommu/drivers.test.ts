import { describe, expect, test } from "vitest";
import { AmdIommu } from "../../hardware/amdvi/amd-iommu.ts";
import { BLOCKED, type IommuHardware } from "../../hardware/iommu-hardware.ts";
import { VtdIommu, type VtdOptions } from "../../hardware/vtd/vtd-iommu.ts";
import { DmaBus } from "../../memory/bus.ts";
import { frameOfPage, PhysicalMemory } from "../../memory/physical-memory.ts";
import { AmdDriver } from "./amdvi-driver.ts";
import type { IotlbMode } from "./domain-pages.ts";
import { VtdDriver } from "./vtd-driver.ts";

const DEVICE = 0x18;
const OTHER = 0x0520;
const BOTH = { read: true, write: true };

function vtd(options: Partial<VtdOptions>, iotlbMode: IotlbMode) {
  const memory = new PhysicalMemory();
  const hardware: IommuHardware & Pick<VtdIommu, "registers"> = new VtdIommu({
    ...options,
    memory,
  });
  const driver = new VtdDriver({ memory, registers: hardware.registers, iotlbMode });
  return { memory, hardware, driver, bus: new DmaBus({ hardware, memory }) };
}

function amd(iotlbMode: IotlbMode) {
  const memory = new PhysicalMemory();
  const hardware: IommuHardware & Pick<AmdIommu, "registers"> = new AmdIommu({ memory });
  const driver = new AmdDriver({ memory, registers: hardware.registers, iotlbMode });
  return { memory, hardware, driver, bus: new DmaBus({ hardware, memory }) };
}

describe.each([
  ["VT-d", (mode: IotlbMode) => vtd({}, mode)],
  ["VT-d without caching mode", (mode: IotlbMode) => vtd({ cachingMode: false }, mode)],
  ["AMD-Vi", (mode: IotlbMode) => amd(mode)],
] as const)("%s", (_, make) => {
  test("a device reaches nothing before it is attached, nor after it is detached", () => {
    const { hardware, driver, memory } = make("eager");
    const pages = memory.allocate(1, "contiguous");
    const domain = driver.createDomain();
    domain.map(0x100, frameOfPage(pages, 0), 1, BOTH);
    const reach = (requester: number): number => hardware.translateFrame(requester, 0x100, "write");
    expect([reach(DEVICE), reach(OTHER)]).toEqual([BLOCKED, BLOCKED]);
    domain.attach(DEVICE);
    expect([reach(DEVICE), reach(OTHER)]).toEqual([frameOfPage(pages, 0), BLOCKED]);
    domain.detach(DEVICE);
    expect(reach(DEVICE)).toBe(BLOCKED);
    expect(() => domain.detach(DEVICE)).toThrow("not attached");
  });

  test("a device that moves to another domain sees only the new one", () => {
    const { hardware, driver } = make("eager");
    const [first, second] = [driver.createDomain(), driver.createDomain()];
    first.map(0x100, 0x12_0000, 1, BOTH);
    second.map(0x100, 0x13_0000, 1, BOTH);
    second.map(0x200, 0x13_0001, 1, BOTH);
    const seen = (): number[] =>
      [0x100, 0x200].map((frame) => hardware.translateFrame(DEVICE, frame, "read"));
    first.attach(DEVICE);
    expect(seen()).toEqual([0x12_0000, BLOCKED]);
    first.detach(DEVICE);
    second.attach(DEVICE);
    expect(seen()).toEqual([0x13_0000, 0x13_0001]);
  });

  test("two devices of one domain see the same pages, and unmap takes them from both", () => {
    const { hardware, driver } = make("eager");
    const domain = driver.createDomain();
    domain.attach(DEVICE);
    domain.attach(OTHER);
    domain.map(0x100, 0x12_0000, 2, BOTH);
    for (const requester of [DEVICE, OTHER])
      expect(hardware.translateFrame(requester, 0x101, "read")).toBe(0x12_0001);
    expect(domain.unmap(0x100, 2)).toBe(2);
    for (const requester of [DEVICE, OTHER])
      expect(hardware.translateFrame(requester, 0x101, "read")).toBe(BLOCKED);
  });

  test("eager: after unmap no byte of freed memory is reached", () => {
    const { bus, driver, memory } = make("eager");
    const pages = memory.allocate(4, "scattered");
    const domain = driver.createDomain();
    domain.attach(DEVICE);
    const tables = memory.tables.inUse;
    for (let page = 0; page < 4; page++)
      domain.map(0x100 + page, frameOfPage(pages, page), 1, BOTH);
    expect(bus.dmaWrite(DEVICE, 0x10_0000n, new Uint8Array(4 * 4096).fill(5)).moved).toBe(16384);
    domain.unmap(0x100, 4);
    expect(memory.tables.inUse).toBe(tables);
    memory.free(pages);
    expect(bus.dmaWrite(DEVICE, 0x10_0000n, new Uint8Array(4 * 4096)).moved).toBe(0);
    expect(memory.takeStrayAccesses()).toEqual([]);
  });

  test("lazy: a cached page stays reachable until flush, and then no more", () => {
    const { hardware, driver, memory } = make("lazy");
    const domain = driver.createDomain();
    domain.attach(DEVICE);
    const before = memory.tables.inUse;
    domain.map(0x100, 0x12_0000, 2, BOTH);
    const seen = (): number[] =>
      [0x100, 0x101].map((frame) => hardware.translateFrame(DEVICE, frame, "read"));
    expect(seen()).toEqual([0x12_0000, 0x12_0001]);
    domain.unmap(0x100, 2);
    expect(seen()).toEqual([0x12_0000, 0x12_0001]);
    domain.flush();
    expect(seen()).toEqual([BLOCKED, BLOCKED]);
    expect(memory.tables.inUse).toBe(before);
  });

  test("lazy: a waiting range that is mapped again shows the new page only", () => {
    const { hardware, driver } = make("lazy");
    const domain = driver.createDomain();
    domain.attach(DEVICE);
    domain.map(0x100, 0x12_0000, 1, BOTH);
    hardware.translateFrame(DEVICE, 0x100, "read");
    domain.unmap(0x100, 1);
    domain.map(0x100, 0x13_0000, 1, BOTH);
    expect(hardware.translateFrame(DEVICE, 0x100, "read")).toBe(0x13_0000);
  });

  test("lazy: the 256th waiting unmap flushes all of them", () => {
    const { hardware, driver } = make("lazy");
    const domain = driver.createDomain();
    domain.attach(DEVICE);
    for (let page = 0; page < 256; page++) domain.map(page, 0x12_0000 + page, 1, BOTH);
    for (let page = 0; page < 256; page++) hardware.translateFrame(DEVICE, page, "read");
    for (let page = 0; page < 255; page++) domain.unmap(page, 1);
    expect(hardware.translateFrame(DEVICE, 0, "read")).toBe(0x12_0000);
    domain.unmap(255, 1);
    expect(hardware.translateFrame(DEVICE, 0, "read")).toBe(BLOCKED);
  });

  test("every frame is given back at the end, mapped pages or not", () => {
    const { driver, memory } = make("lazy");
    for (const frames of [1, 513, 2 ** 18 + 1]) {
      const domain = driver.createDomain();
      domain.attach(OTHER);
      domain.map(0, 0x40_0000, frames, BOTH);
      domain.map(2 ** 26, 0x40_0001, frames, BOTH);
      domain.unmap(0, frames);
      expect(() => domain.free()).toThrow("attached");
      domain.detach(OTHER);
      domain.free();
    }
    driver.shutDown();
    expect(memory.tables.inUse).toBe(0);
    expect(memory.liveAllocations).toBe(0);
  });

  test("unmap of holes counts what was there, and never cuts a large page", () => {
    const { driver } = make("eager");
    const domain = driver.createDomain();
    domain.map(0x100, 0x40_0000, 1, BOTH);
    domain.map(0x8000, 0x40_0000, 512, BOTH);
    expect(domain.unmap(0, 2 ** 20)).toBe(513);
    expect(domain.unmap(0, 2 ** 20)).toBe(0);
    expect(domain.unmap(0, domain.aperture.last + 1)).toBe(0);
    domain.map(0x8000, 0x40_0000, 512, BOTH);
    expect(() => domain.unmap(0x8000, 511)).toThrow("cuts the page");
    expect(() => domain.unmap(0x8001, 512)).toThrow("cuts the page");
  });

  test("a map beyond the aperture is refused", () => {
    const domain = make("eager").driver.createDomain();
    const last = domain.aperture.last;
    domain.map(last, 0x12_0000, 1, BOTH);
    expect(() => domain.map(last - 1, 0x12_0000, 3, BOTH)).toThrow(RangeError);
    expect(() => domain.map(-1, 0x12_0000, 1, BOTH)).toThrow(RangeError);
  });
});
