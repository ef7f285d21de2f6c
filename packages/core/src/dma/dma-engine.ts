// The order of one map and one unmap, the same on every backend: check, kernel, record.
//
// The ledger refuses first; the kernel is called once; the ledger records only what the kernel has.
// A failed call leaves both as they were (invariants I16, I18).

import {
  type ByteSize,
  bytes,
  framesToSize,
  frameToIova,
  type HostAddress,
  type Iova,
  iovaPlus,
} from "../address/address.ts";
import { MiB } from "../address/units.ts";
import type { DmaAccess } from "../contract/access.ts";
import type { BackendSession } from "../contract/backend.ts";
import type {
  ChunkedMapOptions,
  DmaPath,
  HostSegment,
  PlacementOptions,
} from "../contract/dma-path.ts";
import { IommuError } from "../errors/base.ts";
import { badOption, checkOptions } from "../errors/options.ts";
import { unmapFailed } from "./after-failure.ts";
import { mapInChunks } from "./chunked-map.ts";
import { ACCESS_TAGS } from "./entry.ts";
import { checkAddress, type Ledger } from "./ledger.ts";
import type { TableEntry } from "./mapping-table.ts";
import { hostFrames, wholeFrames } from "./page-frames.ts";
import { noSpace, stillMapping } from "./refusals.ts";
import { coalesce } from "./segments.ts";
import { UndoStack, undone } from "./undo.ts";

const DEFAULT_CHUNK: ByteSize = bytes(64 * MiB);

/** Keeps a container's descriptors while a call is inside the kernel off the event loop. */
export interface Lease {
  /** The container was closed meanwhile: stop, give back, release. */
  readonly isClosing: () => boolean;
  /** Once; the last one of a closed container tears it down and may throw `close-failed`. */
  readonly release: () => void;
}

/** A container that takes mappings. */
export interface Enabled {
  readonly session: BackendSession;
  readonly ledger: Ledger;
  readonly hold: () => Lease;
}

/** Answers the container as it is, or throws `closed` or `wrong-state`. */
export type EnabledState = (operation: string) => Enabled;

/** The `DmaPath` of one container. `enabled` is asked at each call, so that no call follows a close. */
export function createDmaPath(enabled: EnabledState): DmaPath {
  const map = (iova: Iova, host: HostAddress, size: ByteSize, access: DmaAccess): void => {
    const { session, ledger } = enabled("map");
    const start = wholeFrames(iova);
    const hostFrame = hostFrames(host);
    const frames = wholeFrames(size);
    if (!ledger.admits(start, hostFrame, frames, access)) ledger.admit(iova, host, size, access);
    session.map(iova, host, size, access);
    ledger.addFrames(start, hostFrame, frames, ACCESS_TAGS[access]);
  };
  const path: DmaPath = {
    map,
    mapAnywhere(host, size, access, options) {
      const { ledger } = enabled("mapAnywhere");
      const wanted = checkOptions("mapAnywhere", options, ["alignment", "highest"]);
      const at = place(ledger, size, wanted);
      map(at, host, size, access);
      return at;
    },
    mapSegments: (iova, segments, access) => mapSegments(enabled, iova, segments, access),
    mapInChunks: (iova, host, size, access, options) =>
      startChunks(enabled, { iova, host, size, access }, options),
    unmap: (iova, size) => unmap(enabled, iova, size),
    unmapAll: () => unmapAll(enabled),
    lookup: (iova) => enabled("lookup").ledger.find(iova),
    mappings: () => enabled("mappings").ledger.mappings(),
  };
  return Object.freeze(path);
}

function place(ledger: Ledger, size: ByteSize, options: PlacementOptions): Iova {
  const asked = checkAddress("mapAnywhere", "size", size);
  const alignment = checkOptional("alignment", options.alignment);
  const highest = checkOptional("highest", options.highest);
  if (alignment !== undefined && (alignment === 0n || (alignment & (alignment - 1n)) !== 0n))
    throw new IommuError({
      code: "invalid-argument",
      operation: "mapAnywhere",
      sentence: `an alignment is a power of two, not ${alignment}`,
    });
  const at = asked === 0n ? undefined : ledger.findFree(asked, alignment, highest);
  if (at !== undefined) return at;
  // The checks of a map name what is wrong with the size better than "no space" does.
  const window = ledger.windows[0];
  if (asked === 0n || (window !== undefined && asked % BigInt(window.pageSize) !== 0n))
    return window?.start ?? frameToIova(0);
  throw noSpace(asked, alignment, highest);
}

function checkOptional(name: string, value: bigint | undefined): bigint | undefined {
  return value === undefined ? undefined : checkAddress("mapAnywhere", name, value);
}

function mapSegments(
  enabled: EnabledState,
  iova: Iova,
  segments: readonly HostSegment[],
  access: DmaAccess,
): number {
  const { session, ledger } = enabled("mapSegments");
  const runs = coalesce(segments);
  let at = iova;
  // Everything is checked before the first call: a later segment may not fail what could be known.
  for (const run of runs) {
    ledger.admit(at, run.host, run.size, access, runs.length);
    at = iovaPlus(at, run.size);
  }
  const undo = new UndoStack();
  at = iova;
  try {
    for (const run of runs) {
      const start = at;
      session.map(start, run.host, run.size, access);
      ledger.add(start, run.host, run.size, access);
      undo.push(() => unmap(enabled, start, run.size));
      at = iovaPlus(at, run.size);
    }
  } catch (error) {
    throw undone(error, undo.unwind());
  }
  return runs.length;
}

/**
 * Asynchronous so that a refusal goes through the promise; the range is taken in the ledger before the
 * first await, that is before this returns (CC2).
 */
async function startChunks(
  enabled: EnabledState,
  range: { iova: Iova; host: HostAddress; size: ByteSize; access: DmaAccess },
  given: ChunkedMapOptions | undefined,
): Promise<void> {
  const options = chunkOptions(given);
  const { session, ledger, hold } = enabled("mapInChunks");
  await mapInChunks({
    session,
    ledger,
    hold,
    ...range,
    chunk: bytes(options.chunkSize ?? DEFAULT_CHUNK),
    onProgress: options.onProgress,
    signal: options.signal,
  });
}

function chunkOptions(given: ChunkedMapOptions | undefined): ChunkedMapOptions {
  const options = checkOptions("mapInChunks", given, ["chunkSize", "onProgress", "signal"]);
  const { onProgress, signal } = options;
  if (onProgress !== undefined && typeof onProgress !== "function")
    throw badOption("mapInChunks", "onProgress is a function");
  if (signal !== undefined && typeof Object(signal).aborted !== "boolean")
    throw badOption("mapInChunks", "signal is an AbortSignal");
  return options;
}

function unmap(enabled: EnabledState, iova: Iova, size: ByteSize): void {
  const { session, ledger } = enabled("unmap");
  const start = wholeFrames(iova);
  const frames = wholeFrames(size);
  if (ledger.isWhole(start, frames)) {
    try {
      session.unmap(iova, size, size);
    } catch (error) {
      throw unmapFailed({ session, ledger }, ledger.admitUnmap(iova, size), error);
    }
    ledger.removeWhole(start, frames);
    return;
  }
  const entries = ledger.admitUnmap(iova, size);
  try {
    session.unmap(iova, size, total(entries));
  } catch (error) {
    throw unmapFailed({ session, ledger }, entries, error);
  }
  ledger.removeAll(entries);
}

function unmapAll(enabled: EnabledState): ByteSize {
  const { session, ledger } = enabled("unmapAll");
  if (ledger.pending > 0) throw stillMapping("unmapAll");
  return removeEverything(session, ledger);
}

/** Unmaps all mappings with one call where the kernel has it, else one by one. */
export function removeEverything(session: BackendSession, ledger: Ledger): ByteSize {
  const entries = ledger.entries();
  const removed = total(entries);
  if (entries.length === 0) return removed;
  if (session.unmapAll !== undefined) {
    session.unmapAll(removed);
    ledger.removeAll(entries);
    return removed;
  }
  for (const entry of entries) {
    const size = framesToSize(entry.end - entry.start);
    session.unmap(frameToIova(entry.start), size, size);
    ledger.removeAll([entry]);
  }
  return removed;
}

function total(entries: readonly TableEntry[]): ByteSize {
  return framesToSize(entries.reduce((sum, entry) => sum + entry.end - entry.start, 0));
}
