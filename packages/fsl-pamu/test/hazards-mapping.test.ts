// Each hazard of the vendor's driver twice: raw through the port, and masked through the library.
//
// The raw half proves that the hazard is there; without it the masked half would prove nothing. Here: maps
// and unmaps, the memory behind them, and what stops a device.

import { bytes, hostAddress, hostPlus, iova } from "@iommukit/core";
import { SimulatedCrash, SimulatedHang } from "@iommukit/testkit";
import { describe, expect, test } from "vitest";
import { masked, memoryOf, refusedWithoutCall, reshape, thrown } from "./masked-pamu.ts";
import { compat, GIB, MIB, PAGE, raw, rawDivided, reaches } from "./raw-pamu.ts";

const EBUSY = -16;
const ENOMEM = -12;
const EFAULT = -14;

describe("a map before there are windows divides by zero", () => {
  test("raw", () => {
    const pamu = raw();
    const memory = pamu.memory(PAGE);
    expect(() => pamu.map(0, memory.address, PAGE)).toThrow(SimulatedCrash);
    const other = raw();
    other.setGeometry(0, GIB - 1);
    expect(() => other.mapBank(0, 0)).toThrow(SimulatedCrash);
  });
  test("masked", () => {
    const world = masked(compat());
    const { container, iommu, pamu } = world;
    const memory = memoryOf(iommu, PAGE);
    const [window] = container.windows.list();
    if (window !== undefined) container.windows.remove(window);
    refusedWithoutCall(world, "outside-window", () =>
      container.dma.map(iova(0), memory.address, memory.size, "read"),
    );
    refusedWithoutCall(world, "outside-window", () => pamu.mapMsiBank(0, iova(0)));
    container.close();
  });
});

describe("less than a window maps nothing and is answered 0", () => {
  test("raw", () => {
    const pamu = rawDivided(4 * MIB, 256);
    const memory = pamu.memory(4 * MIB, 4 * MIB);
    expect(pamu.map(0, memory.address, 2 * MIB)).toBe(0);
    expect(reaches(pamu.host, 0, memory.bytes)).toBe(false);
    // And it cannot be taken back.
    expect(() => pamu.unmap(0, 2 * MIB)).toThrow(SimulatedHang);
  });
  test("masked", () => {
    const world = masked(compat());
    reshape(world.container, 4 * MIB, 256);
    const memory = memoryOf(world.iommu, 4 * MIB, 4 * MIB);
    refusedWithoutCall(world, "misaligned", () =>
      world.container.dma.map(iova(0), memory.address, bytes(2 * MIB), "read-write"),
    );
    world.container.close();
  });
});

describe("a tail shorter than a window is left out without a word", () => {
  test("raw", () => {
    const pamu = rawDivided(4 * MIB, 256);
    const memory = pamu.memory(8 * MIB, 4 * MIB);
    expect(pamu.map(0, memory.address, 6 * MIB)).toBe(0);
    expect(reaches(pamu.host, 0, memory.bytes)).toBe(true);
    expect(reaches(pamu.host, 4 * MIB, memory.bytes.subarray(4 * MIB))).toBe(false);
  });
  test("masked", () => {
    const world = masked(compat());
    reshape(world.container, 4 * MIB, 256);
    const memory = memoryOf(world.iommu, 8 * MIB, 4 * MIB);
    const { dma } = world.container;
    refusedWithoutCall(world, "misaligned", () =>
      dma.map(iova(0), memory.address, bytes(6 * MIB), "read-write"),
    );
    dma.map(iova(0), memory.address, bytes(8 * MIB), "read-write");
    expect(reaches(world.host, 4 * MIB, memory.bytes.subarray(4 * MIB))).toBe(true);
    world.container.close();
  });
});

describe("an unmap of a part of a window never ends", () => {
  test("raw", () => {
    const pamu = rawDivided(4 * MIB, 256);
    pamu.map(0, pamu.memory(4 * MIB, 4 * MIB).address, 4 * MIB);
    expect(() => pamu.unmap(0, 2 * MIB)).toThrow(SimulatedHang);
  });
  test("masked", () => {
    const world = masked(compat());
    reshape(world.container, 4 * MIB, 256);
    const memory = memoryOf(world.iommu, 8 * MIB, 4 * MIB);
    const { dma } = world.container;
    dma.map(iova(0), memory.address, bytes(8 * MIB), "read-write");
    refusedWithoutCall(world, "misaligned", () => dma.unmap(iova(0), bytes(2 * MIB)));
    refusedWithoutCall(world, "splits-mapping", () => dma.unmap(iova(0), bytes(4 * MIB)));
    dma.unmap(iova(0), bytes(8 * MIB));
    world.container.close();
    expect(world.host.inspect.pinnedPages()).toBe(0);
  });
});

describe("memory that is not contiguous in a window is found out half way", () => {
  test("raw", () => {
    const pamu = rawDivided(4 * MIB, 256);
    expect(pamu.map(0, pamu.memory(4 * MIB).address, 4 * MIB)).toBe(EFAULT);
  });
  test("masked: small pages, and memory of which nothing is known", () => {
    const world = masked(compat());
    reshape(world.container, 4 * MIB, 256);
    const { dma } = world.container;
    const small = memoryOf(world.iommu, 8 * MIB);
    const aligned = hostPlus(
      small.address,
      (-small.address & BigInt(4 * MIB - 1)) % BigInt(4 * MIB),
    );
    const error = refusedWithoutCall(world, "memory-fault", () =>
      dma.map(iova(0), aligned, bytes(4 * MIB), "read-write"),
    );
    expect(error.hint).toContain("pageSize: 4194304");
    refusedWithoutCall(world, "memory-fault", () =>
      dma.map(iova(0), hostPlus(aligned, 256 * MIB), bytes(4 * MIB), "read-write"),
    );
    world.container.close();
  });
  test("masked: foreign memory on the caller's word", () => {
    const world = masked(compat());
    reshape(world.container, 4 * MIB, 256);
    const foreign = world.host.port.mapMemory({ length: 4 * MIB, pageSize: 4 * MIB });
    if (typeof foreign === "number") throw new Error("no memory");
    const { dma, memory } = world.container;
    const at = hostAddress(foreign.address);
    memory.register(at, bytes(4 * MIB), { pageSize: 4 * MIB });
    dma.map(iova(0), at, bytes(4 * MIB), "read-write");
    expect(reaches(world.host, 0, foreign.bytes)).toBe(true);
    world.container.close();
  });
});

describe("a failed map over an MSI window takes the MSI window away", () => {
  test("raw", () => {
    const pamu = rawDivided(PAGE, 256);
    pamu.mapBank(0, 8 * PAGE);
    expect(pamu.map(7 * PAGE, pamu.memory(2 * PAGE).address, 2 * PAGE)).toBe(EBUSY);
    // The bank's window is free again: nothing is there any more.
    expect(pamu.map(8 * PAGE, pamu.memory(PAGE).address, PAGE)).toBe(0);
  });
  test("masked", () => {
    const world = masked(compat());
    const { dma } = world.container;
    world.pamu.mapMsiBank(0, iova(8 * PAGE));
    const memory = memoryOf(world.iommu, 2 * PAGE);
    const error = refusedWithoutCall(world, "already-mapped", () =>
      dma.map(iova(7 * PAGE), memory.address, memory.size, "read-write"),
    );
    expect(error.message).toContain("MSI bank 0");
    expect(dma.mapAnywhere(memory.address, bytes(PAGE), "read")).toBe(iova(0));
    world.container.close();
  });
});

describe("one access outside the mappings blocks the device for good", () => {
  test("raw", () => {
    const pamu = rawDivided(PAGE, 256);
    const memory = pamu.memory(PAGE);
    pamu.map(0, memory.address, PAGE);
    expect(reaches(pamu.host, 0, memory.bytes)).toBe(true);
    expect(reaches(pamu.host, 9 * PAGE, memory.bytes)).toBe(false);
    expect(reaches(pamu.host, 0, memory.bytes)).toBe(false);
    expect(reaches(pamu.host, 0, memory.bytes)).toBe(false);
  });
  test("masked: resume lets it go on, and maps nothing new", () => {
    const { container, host, iommu, pamu } = masked(compat());
    const memory = memoryOf(iommu, PAGE);
    container.dma.map(iova(0), memory.address, memory.size, "read-write");
    expect(reaches(host, 9 * PAGE, memory.bytes)).toBe(false);
    expect(reaches(host, 0, memory.bytes)).toBe(false);
    pamu.resume();
    expect(reaches(host, 0, memory.bytes)).toBe(true);
    expect(reaches(host, PAGE, memory.bytes)).toBe(false);
    expect(host.inspect.mappings()).toHaveLength(1);
    container.close();
  });
});

describe("locked memory is counted by window when mapped and by page when unmapped", () => {
  const poor = {
    process: { uid: 1000, capabilities: [], lockedMemoryLimit: 64 * MIB },
    groupMode: 0o666,
  };
  test("raw: after one unmap the process may lock nothing any more", () => {
    const pamu = raw({}, poor);
    pamu.setGeometry(0, GIB - 1);
    pamu.setWindows(256);
    const { address } = pamu.memory(8 * MIB, 4 * MIB);
    expect([pamu.map(0, address, 8 * MIB), pamu.unmap(0, 8 * MIB)]).toEqual([0, 0]);
    expect(pamu.map(0, address, 4 * MIB)).toBe(ENOMEM);
  });
  test("masked: it cannot be undone from here, so the error says whose fault it is", () => {
    const { container, iommu } = masked(compat({}, poor));
    reshape(container, 4 * MIB, 256);
    const memory = memoryOf(iommu, 8 * MIB, 4 * MIB);
    const map = (size: number) => (): void =>
      container.dma.map(iova(0), memory.address, bytes(size), "read-write");
    map(8 * MIB)();
    container.dma.unmap(iova(0), memory.size);
    const error = thrown(map(4 * MIB));
    expect(error.code).toBe("locked-memory-limit");
    expect(error.hint).toMatch(/takes off more locked memory than it adds/);
    expect(container.dma.mappings()).toEqual([]);
    container.close();
  });
});
