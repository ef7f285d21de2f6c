// A map in chunks against everything that may happen while a chunk is in the kernel.

import { bytes, type Container, createIommu, type DmaMemory, iova } from "@iommukit/core";
import {
  answers,
  fails,
  faultyPort,
  isDelayed,
  type SimulatedHost,
  simulatedHost,
  vtd,
} from "@iommukit/testkit";
import { type1 } from "@iommukit/type1-x86";
import { beforeEach, describe, expect, test } from "vitest";

const PAGE = 4096;
const AT = iova(0x10_0000);
const CHUNKS = { chunkSize: bytes(PAGE) };

let sim: SimulatedHost;
let memory: DmaMemory;
let container: Container;

/** A container whose nth chunk goes wrong as `fault` says; chunks take a few turns of the event loop. */
function open(fault?: { nth: number; what: ReturnType<typeof fails> }): void {
  sim = simulatedHost(vtd());
  const slow = {
    when: { call: "ioctlAsync", times: Number.POSITIVE_INFINITY },
    what: isDelayed(3),
  } as const;
  const faults =
    fault === undefined
      ? [slow]
      : [{ when: { call: "ioctlAsync", nth: fault.nth } as const, what: fault.what }, slow];
  const iommu = createIommu(faultyPort(sim.port, { faults }).port);
  memory = iommu.allocate(8 * PAGE);
  container = iommu.openContainer({ groups: [2], backends: [type1()] });
}

const map = (): Promise<void> =>
  container.dma.mapInChunks(AT, memory.address, memory.size, "read-write", CHUNKS);

function expectNothingLeft(): void {
  expect(sim.inspect.mappings()).toEqual([]);
  expect(sim.inspect.pinnedPages()).toBe(0);
  memory.close();
}

describe("rule CC5: while a chunk is in the kernel", () => {
  beforeEach(() => open());

  test("closing refuses every call at once and tears down when the chunk returns", async () => {
    const mapping = map();
    await Promise.resolve();
    await Promise.resolve();
    container.close();
    expect(container.state).toBe("closed");
    expect(() => container.dma.mappings()).toThrow(expect.objectContaining({ code: "closed" }));
    // The group is still in the container: the map that runs must not lose the ground.
    expect(sim.calls.get("VFIO_GROUP_UNSET_CONTAINER")).toBeUndefined();
    await expect(mapping).rejects.toMatchObject({ code: "closed" });
    expect(sim.inspect.openDescriptors()).toEqual([]);
    expectNothingLeft();
  });

  test("the last group cannot leave, and its range can be neither mapped nor unmapped", async () => {
    const mapping = map();
    await Promise.resolve();
    await Promise.resolve();
    const refused = (action: () => unknown, code: string): void =>
      expect(action).toThrow(expect.objectContaining({ code }));
    refused(() => container.control.detach(2), "wrong-state");
    refused(() => container.dma.unmap(AT, bytes(PAGE)), "wrong-state");
    refused(() => container.dma.unmapAll(), "wrong-state");
    refused(() => container.dma.map(AT, memory.address, bytes(PAGE), "read"), "already-mapped");
    refused(() => memory.close(), "memory-in-use");
    await mapping;
    expect(container.dma.mappings()).toHaveLength(8);
    container.close();
    expectNothingLeft();
  });

  test("bad chunks and sizes are refused without a call", async () => {
    const calls = sim.calls.get("VFIO_IOMMU_MAP_DMA");
    const chunked = (size: unknown, chunkSize: unknown): Promise<void> =>
      Reflect.apply(container.dma.mapInChunks, undefined, [
        AT,
        memory.address,
        size,
        "read",
        { chunkSize },
      ]);
    await expect(chunked(memory.size, 0n)).rejects.toMatchObject({ code: "invalid-argument" });
    await expect(chunked(memory.size, 100n)).rejects.toMatchObject({ code: "invalid-argument" });
    await expect(chunked(memory.size, -1n)).rejects.toMatchObject({ code: "invalid-address" });
    await expect(chunked(4096, 4096n)).rejects.toMatchObject({ code: "invalid-address" });
    await expect(chunked(2n ** 60n, 4096n)).rejects.toMatchObject({ code: "outside-window" });
    expect(sim.calls.get("VFIO_IOMMU_MAP_DMA")).toBe(calls);
    container.close();
    expectNothingLeft();
  });
});

describe("a chunk that fails", () => {
  test.each([1, 4, 8])("chunk %i: ENOMEM is told, and nothing stays mapped", async (nth) => {
    open({ nth, what: fails(12) });
    await expect(map()).rejects.toMatchObject({ code: "out-of-memory" });
    expect(container.dma.mappings()).toEqual([]);
    expect(sim.inspect.mappings()).toEqual([]);
    container.dma.map(AT, memory.address, memory.size, "read-write");
    container.close();
    expectNothingLeft();
  });

  test("an odd positive answer is no success", async () => {
    open({ nth: 3, what: answers(1) });
    await expect(map()).rejects.toMatchObject({ code: "kernel-misbehaved" });
    container.close();
    expectNothingLeft();
  });
});
