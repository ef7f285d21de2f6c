// Placement, runs of segments, and maps in chunks.

import { bytes, type HostSegment, hostPlus, iova } from "@iommukit/core";
import { EDU_PIECE_BYTES } from "../drivers/edu-driver.ts";
import type { ConformanceCase } from "./case.ts";
import { differingBytes, expectCode, expectCodeAsync, expectEqual, expectThat } from "./expect.ts";
import { firstIova, pageOf } from "./places.ts";
import type { World } from "./world.ts";

export const PLACING_CASES: readonly ConformanceCase[] = [
  { name: "placing: mapAnywhere takes the lowest range, aligned, below a limit", run: anywhere },
  { name: "placing: no space is refused without a call", run: noSpace },
  { name: "placing: a contiguous run is one kernel call", run: runs },
  { name: "placing: a segment that fails undoes those before it", run: undoneSegments },
  { name: "placing: a map in chunks reports progress and is reached", run: chunks },
  { name: "placing: a map in chunks keeps its access", run: chunkAccess },
  { name: "placing: a map in chunks takes memory and range at once", run: chunksAtOnce },
  { name: "placing: a map in chunks stopped by its signal leaves nothing", run: aborted },
  { name: "placing: a map in chunks that fails leaves nothing", run: failedChunk },
];

function anywhere(world: World): void {
  const { container, edu } = world.bench();
  const page = pageOf(container);
  const memory = world.registered(container, 4 * page);
  const [window] = container.windows.list();
  expectThat(window !== undefined, "there is a window");
  const { dma } = container;
  const first = dma.mapAnywhere(memory.address, bytes(page), "read-write");
  const second = dma.mapAnywhere(hostPlus(memory.address, page), bytes(page), "read-write");
  expectEqual(first, window.start, "the first place");
  expectEqual(second, first + BigInt(page), "the second place");
  const step = bytes(64 * page);
  const aligned = dma.mapAnywhere(hostPlus(memory.address, 2 * page), bytes(page), "read-write", {
    alignment: step,
    highest: iova(window.start + 128n * BigInt(page) - 1n),
  });
  expectEqual(aligned % step, 0n, "the aligned place modulo its alignment");
  edu.copyFromHost(first, EDU_PIECE_BYTES);
  edu.copyToHost(aligned, EDU_PIECE_BYTES);
  const from = memory.bytes.subarray(0, EDU_PIECE_BYTES);
  const to = memory.bytes.subarray(2 * page, 2 * page + EDU_PIECE_BYTES);
  expectEqual(differingBytes(from, to), 0, "bytes that differ after the copy");
}

function noSpace(world: World): void {
  const container = world.open();
  const page = pageOf(container);
  const memory = world.registered(container, 2 * page);
  const [window] = container.windows.list();
  expectThat(window !== undefined, "there is a window");
  const map = (): unknown =>
    container.dma.mapAnywhere(memory.address, bytes(2 * page), "read", {
      highest: iova(window.start + BigInt(page) - 1n),
    });
  expectCode("no-iova-space", map, "two pages below one");
  expectEqual(world.callsDuring(map), 0, "calls made");
  const odd = (): unknown =>
    container.dma.mapAnywhere(memory.address, bytes(page), "read", { alignment: bytes(3 * page) });
  expectCode("invalid-argument", odd, "an alignment that is no power of two");
  const half = (): unknown => container.dma.mapAnywhere(memory.address, bytes(page / 2), "read");
  expectCode("misaligned", half, "half a page");
  const none = (): unknown => container.dma.mapAnywhere(memory.address, bytes(0), "read");
  expectCode("zero-size", none, "no bytes");
}

function runs(world: World): void {
  const { container, edu } = world.bench();
  const page = pageOf(container);
  const memory = world.registered(container, 8 * page);
  const at = firstIova(container);
  const segment = (index: number): HostSegment => ({
    host: hostPlus(memory.address, index * page),
    size: bytes(page),
  });
  // The first mapping of all may make the window real.
  container.dma.map(at, memory.address, bytes(page), "read");
  container.dma.unmap(at, bytes(page));
  const map = (): unknown => container.dma.mapSegments(at, [0, 1, 2, 3].map(segment), "read-write");
  expectEqual(world.callsDuring(map), 1, "kernel calls for four neighbours");
  expectEqual(container.dma.mappings().length, 1, "mappings for four neighbours");
  const behind = iova(at + 4n * BigInt(page));
  const made = container.dma.mapSegments(
    behind,
    [segment(7), segment(5), segment(6)],
    "read-write",
  );
  expectEqual(made, 2, "mappings for one page and two neighbours");
  edu.copyFromHost(at, EDU_PIECE_BYTES);
  edu.copyToHost(iova(behind + 2n * BigInt(page)), EDU_PIECE_BYTES);
  const from = memory.bytes.subarray(0, EDU_PIECE_BYTES);
  const to = memory.bytes.subarray(6 * page, 6 * page + EDU_PIECE_BYTES);
  expectEqual(differingBytes(from, to), 0, "bytes that differ after the copy");
}

function undoneSegments(world: World): void {
  const container = world.open();
  const page = pageOf(container);
  const memory = world.registered(container, page);
  const gone = world.iommu.allocate(page);
  const segments = [
    { host: memory.address, size: bytes(page) },
    { host: gone.address, size: bytes(page) },
  ];
  gone.close();
  const at = firstIova(container);
  let code = "none";
  try {
    container.dma.mapSegments(at, segments, "read-write");
  } catch (error) {
    code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
  expectThat(
    ["memory-fault", "memory-not-registered"].includes(code),
    `a known refusal, not ${code}`,
  );
  expectEqual(container.dma.mappings().length, 0, "mappings left");
  container.dma.map(at, memory.address, bytes(page), "read-write");
}

async function chunks(world: World): Promise<void> {
  const { container, edu } = world.bench();
  const page = pageOf(container);
  const memory = world.registered(container, 8 * page);
  const at = firstIova(container);
  const progress: bigint[] = [];
  await container.dma.mapInChunks(at, memory.address, bytes(8 * page), "read-write", {
    chunkSize: bytes(3 * page),
    onProgress: (done) => progress.push(done),
  });
  const size = BigInt(page);
  expectEqual(progress.join(), [3n * size, 6n * size, 8n * size].join(), "progress");
  expectEqual(container.dma.mappings().length, 3, "mappings");
  edu.copyFromHost(at, EDU_PIECE_BYTES);
  edu.copyToHost(iova(at + 7n * size), EDU_PIECE_BYTES);
  const from = memory.bytes.subarray(0, EDU_PIECE_BYTES);
  const to = memory.bytes.subarray(7 * page, 7 * page + EDU_PIECE_BYTES);
  expectEqual(differingBytes(from, to), 0, "bytes that differ after the copy");
  container.dma.unmap(at, bytes(8 * page));
}

async function chunkAccess(world: World): Promise<void> {
  const { container, edu } = world.bench();
  const page = pageOf(container);
  const memory = world.registered(container, 2 * page);
  const before = memory.bytes.slice();
  const at = firstIova(container);
  await container.dma.mapInChunks(at, memory.address, memory.size, "read", {
    chunkSize: bytes(page),
  });
  edu.copyFromHost(iova(at + BigInt(page)), EDU_PIECE_BYTES);
  edu.copyToHost(at, EDU_PIECE_BYTES);
  expectEqual(differingBytes(before, memory.bytes), 0, "bytes written through a read-only mapping");
}

/** Before the first turn of the event loop neither may go to somebody else. */
async function chunksAtOnce(world: World): Promise<void> {
  const container = world.open();
  const page = pageOf(container);
  const memory = world.iommu.allocate(page);
  const registration = container.memory.register(memory.address, memory.size);
  const at = firstIova(container);
  const mapping = container.dma.mapInChunks(at, memory.address, memory.size, "read");
  const meets = (): void => container.dma.map(at, memory.address, bytes(page), "read");
  expectCode("already-mapped", meets, "a map into the range in the same turn");
  expectCode("memory-in-use", () => memory.close(), "freeing its memory in the same turn");
  await mapping;
  container.dma.unmap(at, memory.size);
  registration.close();
  memory.close();
}

async function aborted(world: World): Promise<void> {
  const container = world.open();
  const page = pageOf(container);
  const memory = world.registered(container, 8 * page);
  const at = firstIova(container);
  const signal = { aborted: false };
  const mapping = container.dma.mapInChunks(at, memory.address, bytes(8 * page), "read-write", {
    chunkSize: bytes(page),
    signal,
    onProgress: (done) => {
      if (done >= BigInt(3 * page)) signal.aborted = true;
      const meets = (): void =>
        container.dma.map(iova(at + BigInt(7 * page)), memory.address, bytes(page), "read");
      expectCode("already-mapped", meets, "a map into the range that is being mapped");
    },
  });
  await expectCodeAsync("aborted", () => mapping, "a stopped map");
  expectEqual(container.dma.mappings().length, 0, "mappings left");
  container.dma.map(at, memory.address, bytes(8 * page), "read-write");
}

async function failedChunk(world: World): Promise<void> {
  const container = world.open();
  const page = pageOf(container);
  const memory = world.registered(container, 4 * page);
  const at = firstIova(container);
  let failed = false;
  try {
    await container.dma.mapInChunks(at, memory.address, memory.size, "read-write", {
      chunkSize: bytes(page),
      onProgress: () => {
        throw new Error("the caller's own");
      },
    });
  } catch {
    failed = true;
  }
  expectThat(failed, "the failure reaches the caller");
  expectEqual(container.dma.mappings().length, 0, "mappings left");
  container.dma.map(at, memory.address, memory.size, "read-write");
}
