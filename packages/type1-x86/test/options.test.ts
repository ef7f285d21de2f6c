// What a caller passes beside addresses: a typo is an error, makes no call, and is never consent.

import { bytes, createIommu, iova } from "@iommukit/core";
import { faultyPort, reads, type SimulatedHost, simulatedHost, vtd } from "@iommukit/testkit";
import { type1 } from "@iommukit/type1-x86";
import { describe, expect, test } from "vitest";

const GOOD = { groups: [2], backends: [type1()] };
const UNSAFE = "/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts";

function callCount(sim: SimulatedHost): number {
  return [...sim.calls.values()].reduce((sum, count) => sum + count, 0);
}

describe("error: options that are none", () => {
  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["an unknown member", { ...GOOD, acept: [] }],
    ["groups that are no array", { ...GOOD, groups: 2 }],
    ["no group", { ...GOOD, groups: [] }],
    ["a group twice", { ...GOOD, groups: [2, 2] }],
    ["a backend that was not called", { ...GOOD, backends: [type1] }],
    ["a backend that is null", { ...GOOD, backends: [null] }],
    ["a backend that is empty", { ...GOOD, backends: [{}] }],
    ["a weakness that is none", { ...GOOD, accept: ["nonsense"] }],
    ["a weakness as text", { ...GOOD, accept: "unsafe-interrupts" }],
    ["an unknown requirement", { ...GOOD, require: { pagesize: 4096 } }],
    ["a page size of text", { ...GOOD, require: { pageSize: "x" } }],
    ["a negative window", { ...GOOD, require: { windowSize: -1 } }],
    ["a fractional window", { ...GOOD, require: { windowSize: 1.5 } }],
    ["capabilities as text", { ...GOOD, require: { capabilities: "isolation" } }],
  ])("openContainer with %s", (_, options) => {
    const sim = simulatedHost(vtd());
    const before = callCount(sim);
    const iommu = createIommu(sim.port);
    const open = (): unknown => Reflect.apply(iommu.openContainer, undefined, [options]);
    expect(open).toThrow(expect.objectContaining({ code: "invalid-argument" }));
    expect(callCount(sim)).toBe(before);
  });

  test("a capability named like a method of every object is not known", () => {
    const iommu = createIommu(simulatedHost(vtd()).port);
    const open = (): unknown =>
      iommu.openContainer({ ...GOOD, require: { capabilities: ["toString"] } });
    expect(open).toThrow(/toString: not known to this backend/);
  });

  test("the options of maps, and what is no bytes", async () => {
    const sim = simulatedHost(vtd());
    const iommu = createIommu(sim.port);
    const memory = iommu.allocate(4096);
    const container = iommu.openContainer(GOOD);
    const device = container.openDevice("0000:00:02.0");
    const { dma } = container;
    const before = callCount(sim);
    const bad: readonly (readonly [(...args: never[]) => unknown, readonly unknown[]])[] = [
      [dma.mapAnywhere, [memory.address, memory.size, "read", null]],
      [dma.mapAnywhere, [memory.address, memory.size, "read", { align: 1n }]],
      [dma.mapSegments, [iova(0), null, "read"]],
      [dma.mapSegments, [iova(0), [null], "read"]],
      [iommu.allocate, [4096, null]],
      [device.readRegion.bind(device), [0, "0", new Uint8Array(4)]],
      [device.readRegion.bind(device), [7, 0, [1, 2]]],
    ];
    for (const [method, args] of bad)
      expect(() => Reflect.apply(method, undefined, args)).toThrow(
        expect.objectContaining({ code: "invalid-argument" }),
      );
    for (const options of [null, { onProgress: 5 }, { signal: 5 }, { signal: {} }, { chunk: 1n }])
      await expect(
        Reflect.apply(dma.mapInChunks, undefined, [
          iova(0),
          memory.address,
          memory.size,
          "read",
          options,
        ]),
      ).rejects.toMatchObject({ code: "invalid-argument" });
    const register = (): unknown =>
      Reflect.apply(container.memory.register, undefined, [Number(memory.address), memory.size]);
    expect(register).toThrow(expect.objectContaining({ code: "invalid-address" }));
    // Reading a region asks for its info first; nothing else was called.
    expect(callCount(sim) - before).toBeLessThanOrEqual(2);
    expect(dma.mappings()).toEqual([]);
  });
});

describe("rule CL6: a weakness that was not accepted does not come in with a group", () => {
  test("interrupts are not remapped any more when the group comes back", () => {
    const sim = simulatedHost(vtd());
    const faults = [
      { when: { path: UNSAFE, nth: 2, times: Number.POSITIVE_INFINITY }, what: reads("Y\n") },
    ];
    const { port } = faultyPort(sim.port, { faults });
    const container = createIommu(port).openContainer(GOOD);
    container.control.detach(2);
    expect(() => container.control.attach(2)).toThrow(
      expect.objectContaining({
        code: "not-offered",
        message: expect.stringContaining("interrupt-isolation"),
      }),
    );
    expect(container.state).toBe("opened");
    expect(container.control.groups).toEqual([]);
    container.close();
    expect(sim.inspect.openDescriptors()).toEqual([]);
  });

  test("a second group that the kernel did not check is not taken in", () => {
    const sim = simulatedHost(vtd());
    const faults = [
      { when: { path: UNSAFE, nth: 3, times: Number.POSITIVE_INFINITY }, what: reads("Y\n") },
    ];
    const { port, fired } = faultyPort(sim.port, { faults });
    const iommu = createIommu(port);
    const memory = iommu.allocate(4096);
    const container = iommu.openContainer(GOOD);
    container.windows.list();
    container.dma.map(iova(0x1000), memory.address, bytes(4096), "read");
    for (let tries = 0; tries < 3 && fired.length === 0; tries++) {
      try {
        container.control.attach(3);
        container.control.detach(3);
      } catch (error) {
        expect(error).toMatchObject({ code: "not-offered" });
      }
    }
    expect(fired.length).toBeGreaterThan(0);
    expect(container.control.groups).toEqual([2]);
    expect(container.dma.mappings()).toHaveLength(1);
    container.close();
    memory.close();
    expect(sim.inspect.openDescriptors()).toEqual([]);
  });
});

test("rule CC4: a signal that fires while the last chunk is in the kernel leaves nothing", async () => {
  const sim = simulatedHost(vtd());
  const iommu = createIommu(sim.port);
  const memory = iommu.allocate(4096);
  const container = iommu.openContainer(GOOD);
  const abort = new AbortController();
  const mapping = container.dma.mapInChunks(iova(0x1000), memory.address, memory.size, "read", {
    signal: abort.signal,
  });
  abort.abort();
  await expect(mapping).rejects.toMatchObject({ code: "aborted" });
  expect(sim.inspect.mappings()).toEqual([]);
  container.close();
  memory.close();
});

test("rule ME4: memory counts for every Iommu of its port", () => {
  const sim = simulatedHost(vtd());
  const memory = createIommu(sim.port).allocate(4096);
  const container = createIommu(sim.port).openContainer(GOOD);
  container.dma.map(iova(0x1000), memory.address, memory.size, "read");
  expect(() => memory.close()).toThrow(expect.objectContaining({ code: "memory-in-use" }));
  container.close();
  memory.close();
});
