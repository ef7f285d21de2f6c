// Pages of registers among memory: devices reach them by address, and memory never sees the access.

import { expect, test } from "vitest";
import type { IommuHardware } from "../hardware/iommu-hardware.ts";
import { DmaBus, type RegisterPages } from "./bus.ts";
import { frameOfPage, PhysicalMemory } from "./physical-memory.ts";

const PAGE_OF_REGISTERS = 0xf_fe044;

const identity: IommuHardware = {
  name: "identity",
  translateFrame: (_requester, frame) => frame,
  takeFaults: () => [],
  lastFault: undefined,
  statistics: { hits: 0, walks: 0, faults: 0, invalidations: 0 },
};

test("a write that lands on a page of registers goes to them, beside memory", () => {
  const memory = new PhysicalMemory();
  const written: unknown[] = [];
  const registerPages: RegisterPages = {
    has: (frame) => frame === PAGE_OF_REGISTERS,
    read: (_requester, _frame, offset, into) => void into.fill(offset),
    write: (requester, frame, offset, from) => written.push([requester, frame, offset, ...from]),
  };
  const bus = new DmaBus({ hardware: identity, memory, registerPages });
  const address = BigInt(PAGE_OF_REGISTERS) * 4096n + 0x40n;
  expect(bus.dmaWrite(7, address, Uint8Array.of(1, 2)).moved).toBe(2);
  expect(written).toEqual([[7, PAGE_OF_REGISTERS, 0x40, 1, 2]]);
  const seen = new Uint8Array(2);
  expect(bus.dmaRead(7, address, seen).moved).toBe(2);
  expect([...seen]).toEqual([0x40, 0x40]);
  expect(memory.takeStrayAccesses()).toEqual([]);
  const other = memory.allocate(1, "contiguous");
  expect(bus.dmaWrite(7, BigInt(frameOfPage(other, 0)) * 4096n, Uint8Array.of(9)).moved).toBe(1);
  expect([other.bytes[0], written.length]).toEqual([9, 1]);
});

test("scattered units stay together inside, and lie apart from each other", () => {
  const memory = new PhysicalMemory();
  const unit = 8;
  const allocation = memory.allocate(4 * unit, "scattered", unit);
  const starts = [0, 1, 2, 3].map((index) => frameOfPage(allocation, index * unit));
  for (const [index, start] of starts.entries()) {
    expect(start % unit).toBe(0);
    for (let page = 0; page < unit; page++) {
      expect(frameOfPage(allocation, index * unit + page)).toBe(start + page);
      memory.write(start + page, 0, Uint8Array.of(16 * index + page));
      expect(allocation.bytes[(index * unit + page) * 4096]).toBe(16 * index + page);
    }
    // The unit behind it belongs to nobody.
    expect(memory.write(start + unit, 0, Uint8Array.of(1))).toBe(false);
  }
  expect(() => memory.allocate(12, "scattered", 8)).toThrow(RangeError);
});
