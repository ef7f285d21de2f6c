// A map of gigabytes in chunks: off the event loop, with progress, stopped by a signal.
//
// Pinning runs at about 1 GiB a second, so one call for a large guest would block everything else.
// The range is taken in the ledger first, chunk by chunk as pending entries; what fails or is stopped
// is unmapped again, so that the outcome is all or nothing.

import {
  type ByteSize,
  bytes,
  type HostAddress,
  hostPlus,
  type Iova,
  iovaPlus,
} from "../address/address.ts";
import { formatSize } from "../address/units.ts";
import type { DmaAccess } from "../contract/access.ts";
import type { BackendSession } from "../contract/backend.ts";
import type { ChunkedMapOptions, StopSignal } from "../contract/dma-path.ts";
import { IommuError } from "../errors/base.ts";
import type { Ledger } from "./ledger.ts";

export interface ChunkedMap {
  readonly session: BackendSession;
  readonly ledger: Ledger;
  readonly iova: Iova;
  readonly host: HostAddress;
  readonly size: ByteSize;
  readonly access: DmaAccess;
  readonly chunk: ByteSize;
  readonly onProgress: ChunkedMapOptions["onProgress"];
  readonly signal: StopSignal | undefined;
  /** Throws `closed` once the container is closed; the kernel has dropped everything then. */
  readonly stillEnabled: () => boolean;
}

interface Chunk {
  readonly iova: Iova;
  readonly host: HostAddress;
  readonly size: ByteSize;
}

export async function mapInChunks(request: ChunkedMap): Promise<void> {
  const { ledger, access } = request;
  if (request.signal?.aborted) throw aborted(request, 0n);
  checkChunk(request.chunk);
  // Counted before any chunk is made: a size the ledger refuses may be billions of chunks.
  const count = Number((request.size + request.chunk - 1n) / request.chunk);
  ledger.admit(request.iova, request.host, request.size, access, count);
  const chunks = cut(request);
  for (const chunk of chunks) ledger.addPending(chunk.iova, chunk.host, chunk.size, access);
  const settled: Chunk[] = [];
  try {
    for (const chunk of chunks) {
      await mapOne(request, chunk, settled);
      // The callback is the caller's: what it throws undoes the map like any failure.
      request.onProgress?.(bytes(chunk.iova + chunk.size - request.iova), request.size);
    }
  } catch (error) {
    giveBack(request, chunks, settled);
    throw error;
  }
}

async function mapOne(request: ChunkedMap, chunk: Chunk, settled: Chunk[]): Promise<void> {
  const { session, ledger, access } = request;
  if (request.signal?.aborted) throw aborted(request, chunk.iova - request.iova);
  await session.mapAsync(chunk.iova, chunk.host, chunk.size, access);
  request.stillEnabled();
  ledger.settle(chunk.iova, access);
  settled.push(chunk);
}

function giveBack(request: ChunkedMap, chunks: readonly Chunk[], settled: readonly Chunk[]): void {
  const { session, ledger } = request;
  // After a close the ledger is empty and the kernel has nothing: stillEnabled threw, all is done.
  if (ledger.count === 0) return;
  for (const chunk of chunks.slice(settled.length)) ledger.removePending(chunk.iova);
  for (const chunk of settled.toReversed()) {
    const entries = ledger.admitUnmap(chunk.iova, chunk.size);
    session.unmap(chunk.iova, chunk.size, chunk.size);
    ledger.removeAll(entries);
  }
}

function checkChunk(chunk: ByteSize): void {
  if (chunk !== 0n && chunk % 4096n === 0n) return;
  throw new IommuError({
    code: "invalid-argument",
    operation: "mapInChunks",
    sentence: `a chunk of ${formatSize(chunk)} is not whole pages`,
  });
}

function cut({ iova, host, size, chunk }: ChunkedMap): readonly Chunk[] {
  const chunks: Chunk[] = [];
  for (let offset = 0n; offset < size; offset += chunk) {
    const left = size - offset;
    chunks.push({
      iova: iovaPlus(iova, offset),
      host: hostPlus(host, offset),
      size: bytes(left < chunk ? left : chunk),
    });
  }
  return chunks;
}

function aborted(request: ChunkedMap, done: bigint): IommuError {
  return new IommuError({
    code: "aborted",
    operation: "mapInChunks",
    sentence: `stopped after ${formatSize(done)} of ${formatSize(request.size)}; nothing of it is mapped`,
    facts: { iova: request.iova, size: request.size, done },
    cause: request.signal?.reason,
  });
}
