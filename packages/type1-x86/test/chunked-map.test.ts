// A map in chunks against everything that may happen while a chunk is in the kernel.

import { bytes, type Container, createIommu, type DmaMemory, iova } from "@iommukit/core";
import { ioctlNumber } from "@iommukit/core/abi";
import {
  answers,
  type Fault,
  type FaultEffect,
  type FaultTrigger,
  fails,
  faultyPort,
  isDelayed,
  type SimulatedHost,
  simulatedHost,
  vtd,
} from "@iommukit/testkit";
import { type1 } from "@iommukit/type1-x86";
import { beforeEach, describe, expect, test } from "vitest";
import { VFIO_IOMMU_UNMAP_DMA } from "../src/uapi/unmap.ts";

const PAGE = 4096;
const AT = iova(0x10_0000);
const CHUNKS = { chunkSize: bytes(PAGE) };

let sim: SimulatedHost;
let memory: DmaMemory;
let container: Container;

/** A container whose nth chunk goes wrong as `fault` says; chunks take a few turns of the event loop. */
function open(
  fault?: { nth: number; times?: number; what: FaultEffect },
  ...more: readonly Fault[]
): void {
  sim = simulatedHost(vtd());
  const slow = {
    when: { call: "ioctlAsync", times: Number.POSITIVE_INFINITY },
    what: isDelayed(3),
  } as const;
  const faults =
    fault === undefined
      ? [slow, ...more]
      : [{ when: whenChunk(fault.nth, fault.times), what: fault.what }, slow, ...more];
  const iommu = createIommu(faultyPort(sim.port, { faults }).port);
  memory = iommu.allocate(8 * PAGE);
  container = iommu.openContainer({ groups: [2], backends: [type1()] });
}

function whenChunk(nth: number, times = 1): FaultTrigger {
  return { call: "ioctlAsync", nth, times };
}

function unmapRequest(): number {
  return ioctlNumber(vtd().abi, VFIO_IOMMU_UNMAP_DMA);
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

  test("closing when the last chunk was told leaves nothing of it mapped", async () => {
    const done: bigint[] = [];
    const mapping = container.dma.mapInChunks(AT, memory.address, memory.size, "read", {
      ...CHUNKS,
      onProgress: (mapped, total) => {
        done.push(mapped);
        if (mapped === total) container.close();
      },
    });
    await expect(mapping).rejects.toMatchObject({ code: "closed" });
    expect(done).toHaveLength(8);
    expect(sim.inspect.openDescriptors()).toEqual([]);
    expectNothingLeft();
  });

  test("a signal that fired before makes no call", async () => {
    const reason = new Error("not wanted");
    const signal = AbortSignal.abort(reason);
    await expect(
      container.dma.mapInChunks(AT, memory.address, memory.size, "read", { ...CHUNKS, signal }),
    ).rejects.toMatchObject({ code: "aborted", facts: { done: 0n }, cause: reason });
    expect(sim.calls.get("VFIO_IOMMU_MAP_DMA")).toBeUndefined();
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

  test("a signal that interrupts it: asked again, and given up after many", async () => {
    open({ nth: 2, times: 32, what: fails(4) });
    await map();
    expect(container.dma.mappings()).toHaveLength(8);
    container.close();
    expectNothingLeft();
    open({ nth: 2, times: 33, what: fails(4) });
    await expect(map()).rejects.toMatchObject({ facts: { errno: "EINTR" } });
    expect(container.dma.mappings()).toEqual([]);
    container.close();
    expectNothingLeft();
  });

  test("what the kernel does not take back counts as mapped, and keeps its memory", async () => {
    open({ nth: 3, what: fails(12) }, { when: { request: unmapRequest() }, what: fails(22) });
    await expect(map()).rejects.toMatchObject({
      code: "kernel-misbehaved",
      message: expect.stringContaining("1 of its steps could not be undone"),
      cause: { code: "out-of-memory" },
    });
    // The last chunk that was made is the first to be taken back, and was not.
    expect(container.dma.mappings()).toMatchObject([{ iova: AT + 4096n, size: 4096n }]);
    expect(sim.inspect.mappings()).toHaveLength(1);
    expect(() => memory.close()).toThrow(expect.objectContaining({ code: "memory-in-use" }));
    container.dma.unmapAll();
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
