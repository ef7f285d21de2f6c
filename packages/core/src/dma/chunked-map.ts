// A map of gigabytes in chunks: off the event loop, with progress, stopped by a signal.
//
// Pinning runs at about 1 GiB a second, so one call for a large guest would block everything else.
// The range is pending in the ledger until all of it is mapped, so that nothing else can be mapped or
// unmapped in it; what fails or is stopped is unmapped again: all or nothing. A lease keeps the container's descriptors
// open meanwhile: a container that is closed in the middle is torn down when the last chunk returned.

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
import type { ChunkedMapOptions, StopSignal } from "../contract/dma-path.ts";
import { IommuError } from "../errors/base.ts";
import type { Enabled, Lease } from "./dma-engine.ts";
import { checkAddress } from "./ledger.ts";
import { undone } from "./undo.ts";

export interface ChunkedMap extends Enabled {
  readonly iova: Iova;
  readonly host: HostAddress;
  readonly size: ByteSize;
  readonly access: DmaAccess;
  readonly chunk: ByteSize;
  readonly onProgress: ChunkedMapOptions["onProgress"];
  readonly signal: StopSignal | undefined;
}

interface Chunk {
  readonly iova: Iova;
  readonly host: HostAddress;
  readonly size: ByteSize;
}

/** Valid errors: `MAP_ERRORS`; `closed` when the container was closed meanwhile. */
export async function mapInChunks(request: ChunkedMap): Promise<void> {
  const chunks = admit(request);
  const { ledger, access } = request;
  for (const chunk of chunks) ledger.addPending(chunk.iova, chunk.host, chunk.size, access);
  const lease = request.hold();
  let mapped = 0;
  try {
    for (const chunk of chunks) {
      await mapOne(request, lease, chunk);
      mapped++;
      // The callback is the caller's: what it throws undoes the map like any failure.
      request.onProgress?.(bytes(chunk.iova + chunk.size - request.iova), request.size);
    }
    if (lease.isClosing()) throw closedMeanwhile();
    // Also when it fired while the last chunk was in the kernel: the caller asked for nothing mapped.
    if (request.signal?.aborted) throw aborted(request, request.size);
    for (const chunk of chunks) ledger.settle(chunk.iova, access);
  } catch (error) {
    throw undone(error, giveBack(request, chunks, mapped));
  } finally {
    lease.release();
  }
}

function admit(request: ChunkedMap): readonly Chunk[] {
  const { ledger, iova, host, size, access, chunk } = request;
  if (request.signal?.aborted) throw aborted(request, 0n);
  if (chunk === 0n) throw badChunk(chunk, 1n);
  checkAddress("mapInChunks", "iova", iova);
  checkAddress("mapInChunks", "size", size);
  // Counted before any chunk is made: a size the ledger refuses may be billions of chunks.
  ledger.admit(iova, host, size, access, Number((size + chunk - 1n) / chunk));
  const granule = ledger.granuleAt(iova);
  if (chunk % granule !== 0n) throw badChunk(chunk, granule);
  return cut(request);
}

async function mapOne(request: ChunkedMap, lease: Lease, chunk: Chunk): Promise<void> {
  if (request.signal?.aborted) throw aborted(request, chunk.iova - request.iova);
  if (lease.isClosing()) throw closedMeanwhile();
  await request.session.mapAsync(chunk.iova, chunk.host, chunk.size, request.access);
}

/** Takes back what was mapped, last first; answers what the kernel refused to take back. */
function giveBack(
  { session, ledger, access }: ChunkedMap,
  chunks: readonly Chunk[],
  mapped: number,
): readonly unknown[] {
  const failures: unknown[] = [];
  for (const chunk of chunks.slice(mapped)) ledger.removePending(chunk.iova);
  for (const chunk of chunks.slice(0, mapped).toReversed()) {
    try {
      session.unmap(chunk.iova, chunk.size, chunk.size);
      ledger.removePending(chunk.iova);
    } catch (error) {
      // The kernel still has it, so it counts as mapped: its memory must not be freed.
      ledger.settle(chunk.iova, access);
      failures.push(error);
    }
  }
  return failures;
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

function badChunk(chunk: bigint, granule: bigint): IommuError {
  return new IommuError({
    code: "invalid-argument",
    operation: "mapInChunks",
    sentence: `a chunk of ${formatSize(chunk)} is not a multiple of ${formatSize(granule)}`,
  });
}

function closedMeanwhile(): IommuError {
  return new IommuError({
    code: "closed",
    operation: "mapInChunks",
    sentence: "mapInChunks stopped: the container was closed; nothing of the range is mapped",
  });
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
