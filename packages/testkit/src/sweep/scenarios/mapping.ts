// Scenarios of the data path: single maps, segments, chunks, placing, unmaps of every width.

import { bytes, type ErrorCode, type HostSegment, hostPlus, iova } from "@iommukit/core";
import type { Scenario, Stage } from "../scenario.ts";

const PAGE = 4096;
/** In the smallest window that any backend opens with: a PAMU's 256 pages. */
const AT = 0x8_0000;

/** Memory that is not there is not registered either, where that is asked first. */
const ABSENT: readonly ErrorCode[] = ["memory-fault", "memory-not-registered"];

export const MAPPING_SCENARIOS: readonly Scenario[] = [
  { name: "map and unmap one by one", run: oneByOne },
  { name: "map with every access", run: accesses },
  { name: "map at the edges of windows", run: edges },
  { name: "unmap several at once", run: several },
  { name: "unmap everything", run: everything },
  { name: "map anywhere", run: anywhere },
  { name: "map segments", run: segments },
  { name: "map segments, the last of which fails", run: badSegments },
  { name: "map in chunks", run: chunks },
  { name: "map in chunks, stopped in the middle", run: stopped },
  { name: "map in chunks, the last of which fails", run: badChunks },
  {
    name: "run into the limit of mappings",
    run: mappingLimit,
    host: { parameters: { dmaEntryLimit: 2 } },
  },
  {
    name: "run into the limit of locked memory",
    run: lockedLimit,
    host: {
      process: { uid: 1000, capabilities: [], lockedMemoryLimit: 4 * PAGE },
      groupMode: 0o666,
    },
  },
];

function oneByOne(stage: Stage): void {
  const memory = stage.memory(4);
  const { dma } = stage.open();
  for (let page = 0; page < 4; page++)
    dma.map(iova(AT + page * PAGE), hostPlus(memory.address, page * PAGE), bytes(PAGE), "read");
  for (let page = 3; page >= 0; page--) dma.unmap(iova(AT + page * PAGE), bytes(PAGE));
}

function accesses(stage: Stage): void {
  const memory = stage.memory(3);
  const { dma } = stage.open([2], { accept: ["write-implies-read"] });
  dma.map(iova(AT), memory.address, bytes(PAGE), "read");
  dma.map(iova(AT + PAGE), memory.address, bytes(2 * PAGE), "write");
  dma.map(iova(AT + 4 * PAGE), memory.address, bytes(3 * PAGE), "read-write");
  dma.unmap(iova(AT + PAGE), bytes(2 * PAGE));
}

function edges(stage: Stage): void {
  const memory = stage.memory(1);
  const container = stage.open();
  for (const { start, last } of container.windows.list()) {
    container.dma.map(start, memory.address, bytes(PAGE), "read-write");
    container.dma.map(iova(last + 1n - 4096n), memory.address, bytes(PAGE), "read-write");
  }
}

function several(stage: Stage): void {
  const memory = stage.memory(6);
  const { dma } = stage.open();
  for (const page of [0, 2, 3])
    dma.map(iova(AT + page * PAGE), memory.address, bytes(PAGE), "read");
  dma.unmap(iova(AT), bytes(5 * PAGE));
}

function everything(stage: Stage): void {
  const memory = stage.memory(2);
  const { dma } = stage.open();
  for (const page of [0, 7, 99]) dma.map(iova(page * PAGE), memory.address, bytes(PAGE), "read");
  dma.unmapAll();
}

function anywhere(stage: Stage): void {
  const memory = stage.memory(2);
  const { dma } = stage.open();
  const first = dma.mapAnywhere(memory.address, bytes(PAGE), "read-write");
  dma.mapAnywhere(memory.address, bytes(2 * PAGE), "read", { alignment: bytes(16 * PAGE) });
  dma.unmap(first, bytes(PAGE));
}

function piecesOf(stage: Stage): readonly HostSegment[] {
  const memory = stage.memory(8);
  return [5, 0, 1, 3].map((page) => ({
    host: hostPlus(memory.address, page * PAGE),
    size: bytes(PAGE),
  }));
}

function segments(stage: Stage): void {
  const pieces = piecesOf(stage);
  const { dma } = stage.open();
  dma.mapSegments(iova(AT), pieces, "read-write");
  dma.unmap(iova(AT), bytes(pieces.length * PAGE));
}

function badSegments(stage: Stage): void {
  const pieces = piecesOf(stage);
  const { dma } = stage.open();
  const hole = { host: pieces[0]?.host ?? hostPlus(stage.memory(1).address, 0), size: bytes(PAGE) };
  const beyond = { ...hole, host: hostPlus(hole.host, 1024 * PAGE) };
  stage.refused(ABSENT, () => dma.mapSegments(iova(AT), [...pieces, beyond], "read"));
  dma.map(iova(AT), hole.host, bytes(PAGE), "read");
}

async function chunks(stage: Stage): Promise<void> {
  const memory = stage.memory(5);
  const { dma } = stage.open();
  await dma.mapInChunks(iova(AT), memory.address, bytes(5 * PAGE), "read-write", {
    chunkSize: bytes(2 * PAGE),
  });
  dma.unmap(iova(AT), bytes(5 * PAGE));
}

async function stopped(stage: Stage): Promise<void> {
  const memory = stage.memory(5);
  const { dma } = stage.open();
  const signal = { aborted: false };
  const mapped = dma.mapInChunks(iova(AT), memory.address, bytes(5 * PAGE), "read-write", {
    chunkSize: bytes(PAGE),
    signal,
    onProgress: (done) => {
      signal.aborted = done === bytes(3 * PAGE);
    },
  });
  await settle(stage, ["aborted"], mapped);
  dma.map(iova(AT), memory.address, bytes(PAGE), "read");
}

async function badChunks(stage: Stage): Promise<void> {
  const memory = stage.memory(3);
  const { dma } = stage.open();
  const beyond = hostPlus(memory.address, PAGE);
  const mapped = dma.mapInChunks(iova(AT), beyond, bytes(4 * PAGE), "read", {
    chunkSize: bytes(PAGE),
  });
  await settle(stage, ABSENT, mapped);
}

async function settle(
  stage: Stage,
  codes: readonly ErrorCode[],
  promise: Promise<void>,
): Promise<void> {
  let failure: unknown;
  try {
    await promise;
  } catch (error) {
    failure = error;
  }
  stage.refused(codes, () => {
    if (failure !== undefined) throw failure;
  });
}

function mappingLimit(stage: Stage): void {
  const memory = stage.memory(1);
  const { dma } = stage.open();
  for (const page of [0, 1]) dma.map(iova(page * PAGE), memory.address, bytes(PAGE), "read");
  stage.refused("mapping-limit", () => dma.map(iova(AT), memory.address, bytes(PAGE), "read"));
  dma.unmap(iova(0), bytes(PAGE));
  dma.map(iova(AT), memory.address, bytes(PAGE), "read");
}

function lockedLimit(stage: Stage): void {
  const memory = stage.memory(5);
  const { dma } = stage.open();
  dma.map(iova(0), memory.address, bytes(3 * PAGE), "read");
  stage.refused("locked-memory-limit", () =>
    dma.map(iova(AT), memory.address, bytes(2 * PAGE), "read"),
  );
  dma.unmapAll();
  dma.map(iova(AT), memory.address, bytes(3 * PAGE), "read");
}
