// Each hazard of the vendor's driver twice: raw through the port, and masked through the library.
//
// The raw half proves that the hazard is there; without it the masked half would prove nothing. Here:
// attributes, MSI banks, groups and the stash target.

import { bytes, iova } from "@iommukit/core";
import { SimulatedCrash } from "@iommukit/testkit";
import { describe, expect, test } from "vitest";
import { masked, memoryOf, refusedWithoutCall, reshape, thrown } from "./masked-pamu.ts";
import {
  compat,
  DEVICE,
  GIB,
  MIB,
  OTHER_DEVICE,
  PAGE,
  RawPamu,
  raw,
  rawDivided,
  reaches,
} from "./raw-pamu.ts";

const EBUSY = -16;

describe("0 windows divide by zero", () => {
  test("raw", () => {
    const pamu = raw();
    pamu.setGeometry(0, GIB - 1);
    expect(() => pamu.setWindows(0)).toThrow(SimulatedCrash);
  });
  test("masked", () => {
    const world = masked(compat());
    const [window] = world.container.windows.list();
    if (window !== undefined) world.container.windows.remove(window);
    const { windows } = world.container;
    refusedWithoutCall(world, "zero-size", () =>
      windows.create({ size: bytes(0), pageSize: PAGE }),
    );
    refusedWithoutCall(world, "invalid-argument", () =>
      windows.create({ size: bytes(PAGE), pageSize: 0 }),
    );
    refusedWithoutCall(world, "invalid-argument", () =>
      windows.create({ size: bytes(PAGE), pageSize: 2 * PAGE }),
    );
    world.container.close();
  });
});

describe("a geometry that is refused is answered 0", () => {
  test("raw", () => {
    const pamu = raw();
    expect(pamu.setGeometry(0, 0x2fff_ffff)).toBe(0);
    expect(pamu.attribute(0)).toEqual([0, 0, 0xf, 0xffff_ffff]);
  });
  test("masked", () => {
    const world = masked(compat());
    const { windows } = world.container;
    const [window] = windows.list();
    if (window !== undefined) windows.remove(window);
    const create =
      (size: number, start: number): (() => unknown) =>
      () =>
        windows.create({ size: bytes(size), pageSize: 4 * MIB, start: iova(start) });
    refusedWithoutCall(world, "invalid-argument", create(768 * MIB, 0));
    refusedWithoutCall(world, "misaligned", create(GIB, 512 * MIB));
    refusedWithoutCall(world, "no-iova-space", create(GIB, 64 * GIB));
    expect(windows.list()).toEqual([]);
    world.container.close();
  });
});

describe("a number of windows that is refused is answered 0", () => {
  test("raw", () => {
    const pamu = raw();
    pamu.setGeometry(0, GIB - 1);
    expect(pamu.setWindows(512)).toBe(0);
    expect(pamu.attribute(1)[0]).toBe(256);
    expect(pamu.setWindows(3)).toBe(0);
    expect(pamu.attribute(1)[0]).toBe(256);
  });
  test("masked", () => {
    const world = masked(compat());
    const { windows } = world.container;
    const [window] = windows.list();
    if (window !== undefined) windows.remove(window);
    const request = { size: bytes(GIB), pageSize: 2 * MIB };
    const error = refusedWithoutCall(world, "no-iova-space", () => windows.create(request));
    expect(error.message).toContain("512 windows, and the hardware has 256");
    world.container.close();
  });
});

describe("the driver's answer of 0 is no proof that it took an attribute", () => {
  test("raw", () => {
    const pamu = rawDivided(PAGE, 256);
    pamu.map(0, pamu.memory(PAGE).address, PAGE);
    expect(pamu.setWindows(16)).toBe(0);
    expect(pamu.attribute(1)[0]).toBe(256);
  });
  test("masked", () => {
    const host = compat();
    const swallowed = { name: "answers 0 and does nothing", instead: () => 0 };
    const request = 0x2000_3b74;
    const open = (nth: number) => () =>
      masked(host, {
        backend: { aperture: { start: iova(0), size: bytes(MIB), windowSize: bytes(PAGE) } },
        faults: [{ when: { request, nth }, what: swallowed }],
      });
    for (const nth of [1, 2, 3])
      expect(thrown(open(nth)).message).toMatch(/the driver answered 0 and did not take/);
    expect(host.inspect.openDescriptors()).toEqual([]);
    open(4)().container.close();
  });
});

describe("an MSI bank without flags, of a wrong number or off the grid is answered 0", () => {
  test("raw", () => {
    const pamu = rawDivided(PAGE, 256);
    expect([
      pamu.mapBank(0, 0, 0),
      pamu.mapBank(3, PAGE),
      pamu.mapBank(1, 2 * PAGE + 0x140),
    ]).toEqual([0, 0, 0]);
    const memory = pamu.memory(PAGE);
    // The first two did nothing, the third took the window below its address.
    expect(pamu.map(0, memory.address, PAGE)).toBe(0);
    expect(pamu.map(PAGE, memory.address, PAGE)).toBe(0);
    expect(pamu.map(2 * PAGE, memory.address, PAGE)).toBe(EBUSY);
    // Unmapping the window's own address is no help: it was mapped under another.
    expect(pamu.unmapBank(2 * PAGE)).toBe(0);
    expect(pamu.map(2 * PAGE, memory.address, PAGE)).toBe(0);
  });
  test("masked", () => {
    const world = masked(compat());
    const { pamu } = world;
    refusedWithoutCall(world, "invalid-argument", () => pamu.mapMsiBank(3, iova(PAGE)));
    refusedWithoutCall(world, "misaligned", () => pamu.mapMsiBank(1, iova(2 * PAGE + 0x140)));
    refusedWithoutCall(world, "outside-window", () => pamu.mapMsiBank(1, iova(MIB)));
    refusedWithoutCall(world, "not-mapped", () => pamu.unmapMsiBank(1));
    pamu.mapMsiBank(1, iova(2 * PAGE));
    refusedWithoutCall(world, "already-mapped", () => pamu.mapMsiBank(1, iova(3 * PAGE)));
    refusedWithoutCall(world, "already-mapped", () => pamu.mapMsiBank(2, iova(2 * PAGE)));
    expect(pamu.msiWindows()).toEqual([{ bank: 1, iova: 2n * BigInt(PAGE) }]);
    pamu.unmapMsiBank(1);
    const memory = memoryOf(world.iommu, PAGE);
    world.container.dma.map(iova(2 * PAGE), memory.address, memory.size, "read-write");
    expect(reaches(world.host, 2 * PAGE, memory.bytes)).toBe(true);
    world.container.close();
  });
});

describe("an MSI bank shrinks an aperture of one window to 4 KiB", () => {
  test("raw", () => {
    const pamu = rawDivided(4 * MIB, 1);
    expect(pamu.mapBank(0, 0)).toBe(0);
    const memory = pamu.memory(4 * MIB, 4 * MIB);
    expect(pamu.map(0, memory.address, 4 * MIB)).toBe(EBUSY);
  });
  test("masked", () => {
    const world = masked(compat());
    reshape(world.container, 4 * MIB, 1);
    const { container, iommu, pamu } = world;
    refusedWithoutCall(world, "no-iova-space", () => pamu.mapMsiBank(0, iova(0)));
    const memory = memoryOf(iommu, 4 * MIB, 4 * MIB);
    container.dma.map(iova(0), memory.address, memory.size, "read-write");
    expect(reaches(world.host, 4 * MIB - PAGE, memory.bytes.subarray(4 * MIB - PAGE))).toBe(true);
    container.close();
  });
});

describe("the boot-time window is open until the windows are set", () => {
  const secret = (host: ReturnType<typeof compat>): Uint8Array => {
    const into = new Uint8Array(16);
    host.dma(DEVICE).read(0x1000n, into);
    return into;
  };
  test("raw: an attached device reaches physical memory", () => {
    const pamu = raw();
    pamu.host.inspect.faults();
    secret(pamu.host);
    expect(pamu.host.inspect.faults()).toEqual([]);
    pamu.setGeometry(0, MIB - 1);
    pamu.setWindows(1);
    secret(pamu.host);
    expect(pamu.host.inspect.faults()).toHaveLength(1);
  });
  test("masked: an open container stops it before anything is mapped", () => {
    const world = masked(compat());
    world.host.inspect.faults();
    secret(world.host);
    expect(world.host.inspect.faults()).toHaveLength(1);
    world.container.close();
  });
});

describe("a group that joins a running container stays blocked", () => {
  test("raw", () => {
    const pamu = rawDivided(PAGE, 256);
    const memory = pamu.memory(PAGE);
    pamu.map(0, memory.address, PAGE);
    pamu.join(3);
    expect(reaches(pamu.host, 0, memory.bytes)).toBe(true);
    expect(reaches(pamu.host, 0, memory.bytes, OTHER_DEVICE)).toBe(false);
  });
  test("masked", () => {
    const { container, host, iommu } = masked(compat());
    const memory = memoryOf(iommu, PAGE);
    container.dma.map(iova(0), memory.address, memory.size, "read-write");
    container.control.attach(3);
    expect(reaches(host, 0, memory.bytes)).toBe(true);
    expect(reaches(host, 0, memory.bytes, OTHER_DEVICE)).toBe(true);
    expect(container.dma.mappings()).toHaveLength(1);
    expect(host.inspect.mappings()).toHaveLength(1);
    container.close();
  });
});

describe("each SET WINDOWS loses the secondary entries of the one before", () => {
  const CONTAINERS = 12;
  test("raw: after a few containers that set it twice there are none left", () => {
    const host = compat();
    const counts: number[] = [];
    for (let i = 0; i < CONTAINERS; i++) {
      const pamu = new RawPamu(host);
      pamu.setGeometry(0, MIB - 1);
      for (const count of [256, 1, 256]) pamu.setWindows(count);
      counts.push(pamu.attribute(1)[0] ?? 0);
      for (const { fd } of host.inspect.openDescriptors()) host.port.close(fd);
    }
    expect(counts[0]).toBe(256);
    // The entry count of one window: the driver could not make 256 any more, and answered 0.
    expect(counts.at(-1)).toBe(1);
  });
  test("masked: a container that begins with another aperture costs none", () => {
    const host = compat();
    for (let i = 0; i < CONTAINERS; i++) {
      const { container, iommu } = masked(host);
      reshape(container, PAGE, 128);
      const memory = memoryOf(iommu, PAGE);
      container.dma.map(iova(0), memory.address, memory.size, "read-write");
      expect(reaches(host, 0, memory.bytes)).toBe(true);
      container.close();
      memory.close();
    }
  });
});

describe("a stash target that does not exist is answered 0, stored and told back", () => {
  test("raw", () => {
    const pamu = rawDivided(PAGE, 256);
    expect(pamu.setStash(99, 1)).toBe(0);
    expect(pamu.attribute(2).slice(0, 2)).toEqual([99, 1]);
  });
  test("masked", () => {
    const world = masked(compat());
    const sent = (): number => world.host.calls.get("VFIO_IOMMU_PAMU_SET_ATTR") ?? 0;
    const before = sent();
    expect(thrown(() => world.pamu.setStash({ cpu: 99, cache: "L1" })).code).toBe(
      "invalid-argument",
    );
    expect(sent()).toBe(before);
    world.pamu.setStash({ cpu: 3, cache: "L1" });
    world.container.close();
  });
});
