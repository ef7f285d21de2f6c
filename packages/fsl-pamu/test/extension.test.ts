// PAMU's own controls through the library: plans, MSI banks, stashing, resuming, and the order of closing.

import {
  type BackendSession,
  bytes,
  createIommu,
  hostAddress,
  hostPlus,
  iova,
} from "@iommukit/core";
import { applyPlan, PAMU, planWindows, type WindowPlan } from "@iommukit/fsl-pamu";
import { type PamuMachineOptions, pamu, simulatedHost, vtd } from "@iommukit/testkit";
import { describe, expect, test } from "vitest";
import { masked, memoryOf, refusedWithoutCall, reshape, thrown } from "./masked-pamu.ts";
import { compat, DEVICE, MIB, OTHER_DEVICE, PAGE, reaches } from "./raw-pamu.ts";

function plan(ram: number, contiguity: number, msiBanks = 3): WindowPlan {
  const planned = planWindows({
    ram: [{ start: iova(0), size: bytes(ram) }],
    contiguity: bytes(contiguity),
    msiBanks,
  });
  if (planned.kind === "refused") throw new Error(planned.reason);
  return planned;
}

const EVERY: readonly PamuMachineOptions[] = [
  { soc: "p4080", mode: "sdk-compat" },
  { soc: "t4240", mode: "sdk-compat" },
  { soc: "p4080", mode: "strict" },
  { soc: "t4240", mode: "strict" },
];

describe.each(EVERY)("a plan on $soc, $mode", (machine) => {
  test("is brought in; guest RAM is where the plan says, MSI banks behind it", () => {
    const world = masked(simulatedHost(pamu(machine)));
    const { container, host, iommu, pamu: controls } = world;
    const planned = plan(16 * MIB, 4 * MIB);
    applyPlan(container, planned);
    expect(container.windows.list()).toMatchObject([
      { start: planned.start, last: planned.last, subwindowSize: planned.windowSize },
    ]);
    expect(controls.msiWindows()).toEqual(
      planned.msi.map(({ bank, iova: at }) => ({ bank, iova: at })),
    );
    const ram = memoryOf(iommu, 16 * MIB, 4 * MIB);
    for (const { start, size } of planned.ram)
      container.dma.map(start, ram.address, size, "read-write");
    for (const at of [0, 5 * MIB, 16 * MIB - PAGE])
      expect(reaches(host, at, ram.bytes.subarray(at))).toBe(true);
    const refused = refusedWithoutCall(world, "already-mapped", () =>
      container.dma.map(iova(16 * MIB), ram.address, bytes(4 * MIB), "read"),
    );
    expect(refused.message).toContain("MSI bank 0");
    expect(container.dma.mapAnywhere(ram.address, bytes(4 * MIB), "read")).toBe(
      planned.start + 28n * BigInt(MIB),
    );
    container.close();
    ram.close();
  });

  test("an MSI bank's window leads to its page, and to nothing once it is given back", () => {
    const { container, host, iommu, pamu: controls } = masked(simulatedHost(pamu(machine)));
    const memory = memoryOf(iommu, PAGE);
    container.dma.map(iova(0), memory.address, memory.size, "read-write");
    controls.mapMsiBank(1, iova(8 * PAGE));
    const alias = 8n * BigInt(PAGE) + (machine.soc === "p4080" ? 0x140n : 0x148n);
    const write = (): number => {
      host.inspect.faults();
      host.dma(DEVICE).write(alias, Uint8Array.of(0, 0, 0, 7));
      return host.inspect.faults().length;
    };
    expect(write()).toBe(0);
    expect(reaches(host, 0, memory.bytes)).toBe(true);
    controls.unmapMsiBank(1);
    expect(write()).toBe(1);
    container.close();
  });

  test("a stash target changes where nothing leads", () => {
    const { container, host, iommu, pamu: controls } = masked(simulatedHost(pamu(machine)));
    const memory = memoryOf(iommu, 2 * PAGE);
    container.dma.map(iova(0), memory.address, memory.size, "read-write");
    for (const cache of ["L1", "L2", "L3"] as const) controls.setStash({ cpu: 3, cache });
    expect(reaches(host, 0, memory.bytes)).toBe(true);
    expect(reaches(host, PAGE, memory.bytes.subarray(PAGE))).toBe(true);
    expect(reaches(host, 2 * PAGE, memory.bytes)).toBe(false);
    container.close();
  });

  test("two guests of one plan reach their own memory only", () => {
    const host = simulatedHost(pamu(machine));
    const guests = [2, 3].map((group) => masked(host, { groups: [group] }));
    const rams = guests.map(({ container, iommu }) => {
      applyPlan(container, plan(8 * MIB, 4 * MIB, 2));
      const ram = memoryOf(iommu, 8 * MIB, 4 * MIB);
      container.dma.map(iova(0), ram.address, ram.size, "read-write");
      return ram;
    });
    const [one, two] = rams.map(({ bytes: all }) => all);
    if (one === undefined || two === undefined) throw new Error("two guests were made");
    expect(reaches(host, MIB, one.subarray(MIB), DEVICE)).toBe(true);
    expect(two.every((byte) => byte === 0)).toBe(true);
    expect(reaches(host, 5 * MIB, two.subarray(5 * MIB), OTHER_DEVICE)).toBe(true);
    expect(one[5 * MIB]).toBe(0);
    for (const { container } of guests) container.close();
  });
});

describe("error: plans that are not applied", () => {
  test("one that contradicts itself, before anything is changed", () => {
    const world = masked(compat());
    const good = plan(512 * 1024, PAGE);
    const [bank] = good.msi;
    if (bank === undefined) throw new Error("no bank");
    const bad = { ...good, msi: [{ ...bank, window: 0, iova: iova(0) }] };
    const error = refusedWithoutCall(world, "invalid-argument", () =>
      applyPlan(world.container, bad),
    );
    expect(error.message).toContain("MSI bank 0 at 0x0 is in window 0, which holds RAM");
    expect(world.container.windows.list()).toHaveLength(1);
    world.container.close();
  });

  test("one for more banks than there are", () => {
    const world = masked(compat());
    const error = refusedWithoutCall(world, "invalid-argument", () =>
      applyPlan(world.container, plan(512 * 1024, PAGE, 4)),
    );
    expect(error.message).toContain("there is no MSI bank 3, the SoC has 3");
    world.container.close();
  });

  test("one for more windows than there are", () => {
    const world = masked(compat({ windows: 16 }));
    expect(thrown(() => applyPlan(world.container, plan(512 * 1024, PAGE))).code).toBe(
      "no-iova-space",
    );
    world.container.close();
  });

  test("while something is mapped", () => {
    const world = masked(compat());
    const memory = memoryOf(world.iommu, PAGE);
    world.container.dma.map(iova(0), memory.address, memory.size, "read");
    refusedWithoutCall(world, "memory-in-use", () =>
      applyPlan(world.container, plan(512 * 1024, PAGE)),
    );
    world.container.close();
  });

  test("a bank that the driver refuses takes the others back out", () => {
    const request = 0x2000_3b76;
    const faults = [
      { when: { request, nth: 3 }, what: { name: "ENODEV", instead: () => -19 } },
    ] as const;
    const { container, pamu: controls } = masked(compat(), { faults });
    expect(thrown(() => applyPlan(container, plan(512 * 1024, PAGE))).code).toBe("kernel-refused");
    expect(controls.msiWindows()).toEqual([]);
    applyPlan(container, plan(256 * 1024, PAGE));
    container.close();
  });

  test("a bank that cannot be taken back out is named", () => {
    const faults = [
      { when: { request: 0x2000_3b76, nth: 2 }, what: { name: "ENODEV", instead: () => -19 } },
      { when: { request: 0x2000_3b77, nth: 1 }, what: { name: "EIO", instead: () => -5 } },
    ] as const;
    const { container, pamu: controls } = masked(compat(), { faults });
    const error = thrown(() => applyPlan(container, plan(512 * 1024, PAGE)));
    expect(error).toMatchObject({ code: "kernel-misbehaved", facts: { stillMapped: ["0"] } });
    expect(
      thrown(() => {
        throw error.cause;
      }).code,
    ).toBe("kernel-refused");
    expect(controls.msiWindows()).toHaveLength(1);
    container.close();
  });

  test("under another backend", () => {
    const container = createIommu(simulatedHost(vtd()).port).openContainer({
      groups: [2],
      backends: [{ name: "other", probe: () => ({ usable: true }), open: otherSession }],
    });
    expect(thrown(() => applyPlan(container, plan(512 * 1024, PAGE))).code).toBe("not-offered");
    container.close();
  });
});

/** A session of a family that has no extension at all. */
function otherSession(): BackendSession {
  return {
    capabilities: { isolation: { offered: true }, "interrupt-isolation": { offered: true } },
    readWindows: () => [],
    readMappingsAvailable: () => undefined,
    map: () => undefined,
    mapAsync: () => Promise.resolve(),
    unmap: () => undefined,
  };
}

describe("resuming devices that were cut off", () => {
  test("strict: a driver that holds it against them wants everything taken off and put back", () => {
    const {
      container,
      host,
      iommu,
      pamu: controls,
    } = masked(simulatedHost(pamu({ mode: "strict" })));
    const memory = memoryOf(iommu, 3 * PAGE);
    container.dma.map(iova(0), memory.address, bytes(2 * PAGE), "read-write");
    container.dma.map(iova(4 * PAGE), hostPlus(memory.address, 2 * PAGE), bytes(PAGE), "read");
    expect(reaches(host, 9 * PAGE, memory.bytes)).toBe(false);
    controls.resume();
    expect(reaches(host, 0, memory.bytes)).toBe(false);
    controls.resume("remap");
    expect(reaches(host, 0, memory.bytes)).toBe(true);
    expect(container.dma.mappings()).toHaveLength(2);
    expect(host.inspect.mappings()).toHaveLength(2);
    container.close();
  });

  test("a mapping that cannot be made again is named, and can be unmapped", () => {
    const request = 0x2000_3b71;
    const faults = [
      { when: { request, nth: 3 }, what: { name: "ENOMEM", instead: () => -12 } },
    ] as const;
    const { container, host, iommu, pamu: controls } = masked(compat(), { faults });
    const memory = memoryOf(iommu, 2 * PAGE);
    for (const page of [0, 4])
      container.dma.map(iova(page * PAGE), memory.address, bytes(PAGE), "read-write");
    const error = thrown(() => controls.resume("remap"));
    expect(error).toMatchObject({
      code: "kernel-misbehaved",
      facts: { lost: ["0x0..0xfff (4 KiB)"] },
    });
    expect(host.inspect.mappings()).toHaveLength(1);
    container.dma.unmap(iova(0), bytes(PAGE));
    container.dma.map(iova(0), memory.address, bytes(PAGE), "read-write");
    expect(reaches(host, 0, memory.bytes)).toBe(true);
    container.close();
  });

  test("does nothing while nothing is mapped", () => {
    const world = masked(compat());
    const before = world.host.calls.get("VFIO_IOMMU_MAP_DMA");
    world.pamu.resume();
    world.pamu.resume("remap");
    expect(world.host.calls.get("VFIO_IOMMU_MAP_DMA")).toBe(before);
    world.container.close();
  });

  test("needs a free window, as a group that joins does; a mapping less gives one", () => {
    const { container, host, iommu, pamu: controls } = masked(compat());
    reshape(container, PAGE, 2);
    const memory = memoryOf(iommu, 2 * PAGE);
    const back = hostPlus(memory.address, PAGE);
    container.dma.map(iova(0), memory.address, bytes(PAGE), "read-write");
    container.dma.map(iova(PAGE), back, bytes(PAGE), "read-write");
    expect(thrown(() => controls.resume()).code).toBe("no-iova-space");
    expect(thrown(() => container.control.attach(3)).code).toBe("no-iova-space");
    expect(container.control.groups).toEqual([2]);
    container.dma.unmap(iova(PAGE), bytes(PAGE));
    container.control.attach(3);
    expect(reaches(host, 0, memory.bytes, OTHER_DEVICE)).toBe(true);
    container.close();
  });

  test("a window that cannot be unmapped again is in the ledger, not forgotten", () => {
    const request = 0x2000_3b72;
    const faults = [
      { when: { request, nth: 1, times: 2 }, what: { name: "EIO", instead: () => -5 } },
    ] as const;
    const { container, host, iommu, pamu: controls } = masked(compat(), { faults });
    const memory = memoryOf(iommu, PAGE);
    container.dma.map(iova(0), memory.address, memory.size, "read-write");
    expect(thrown(() => controls.resume())).toMatchObject({
      code: "kernel-misbehaved",
      facts: { stillMapped: BigInt(PAGE) },
    });
    expect(container.dma.mappings()).toHaveLength(2);
    container.dma.unmap(iova(0), bytes(2 * PAGE));
    expect(host.inspect.mappings()).toEqual([]);
    memory.close();
    container.close();
  });
});

describe("the order of things", () => {
  test("closing: mappings, then MSI windows last first, then the group", () => {
    const host = compat();
    const order: string[] = [];
    const noted = (name: string, request: number) => ({
      when: { request, times: Number.POSITIVE_INFINITY },
      what: {
        name,
        after: (_: unknown, answer: number) => {
          order.push(name);
          return answer;
        },
      },
    });
    const {
      container,
      iommu,
      pamu: controls,
    } = masked(host, {
      faults: [
        noted("unmap", 0x2000_3b72),
        noted("bank", 0x2000_3b77),
        noted("group", 0x2000_3b69),
      ],
    });
    const memory = memoryOf(iommu, PAGE);
    controls.mapMsiBank(2, iova(8 * PAGE));
    controls.mapMsiBank(0, iova(9 * PAGE));
    container.dma.map(iova(0), memory.address, memory.size, "read");
    container.close();
    expect(order).toEqual(["unmap", "bank", "bank", "group"]);
    expect(host.inspect.openDescriptors()).toEqual([]);
  });

  test("a container that lost its last group begins again: default aperture, no bank", () => {
    const { container, iommu, host, pamu: before } = masked(compat());
    reshape(container, PAGE, 16);
    before.mapMsiBank(0, iova(0));
    const memory = memoryOf(iommu, PAGE);
    container.dma.map(iova(PAGE), memory.address, memory.size, "read-write");
    expect(container.control.detach(2)).toEqual({ mappingsDropped: 1 });
    container.control.attach(3);
    expect(container.windows.list()[0]?.last).toBe(BigInt(MIB - 1));
    expect(thrown(() => before.msiWindows()).code).toBe("wrong-state");
    expect(container.extension(PAMU).msiWindows()).toEqual([]);
    container.dma.map(iova(0), memory.address, memory.size, "read-write");
    expect(reaches(host, 0, memory.bytes, OTHER_DEVICE)).toBe(true);
    container.close();
  });
});

describe("the 32-bit ABI of a P4080", () => {
  test("host pointers beyond 32 bits are refused before the kernel could cut them", () => {
    const world = masked(compat());
    const { address } = memoryOf(world.iommu, PAGE);
    expect(address).toBeLessThan(1n << 32n);
    const beyond = hostAddress(address + (1n << 32n));
    const error = refusedWithoutCall(world, "invalid-address", () =>
      world.container.dma.map(iova(0), beyond, bytes(PAGE), "read-write"),
    );
    expect(error.message).toContain("leaves 32 bits");
    world.container.close();
  });

  test("IOVAs have 36 bits all the same", () => {
    const aperture = { start: iova(2 ** 36 - MIB), size: bytes(MIB), windowSize: bytes(PAGE) };
    const { container, host, iommu } = masked(compat(), { backend: { aperture } });
    const memory = memoryOf(iommu, PAGE);
    const last = iova(2 ** 36 - PAGE);
    container.dma.map(last, memory.address, memory.size, "read-write");
    expect(reaches(host, last, memory.bytes)).toBe(true);
    container.close();
  });
});
