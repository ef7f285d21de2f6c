// Map and unmap: all that a component that moves data needs to hold.
//
// Rule DW0: whoever holds a DmaPath cannot remove a window, detach a group or close a container.

import type { ByteSize, HostAddress, Iova } from "../address/address.ts";
import type { DmaAccess } from "./access.ts";

/** A live range of a window backed by host memory. */
export interface Mapping {
  readonly iova: Iova;
  readonly size: ByteSize;
  readonly host: HostAddress;
  readonly access: DmaAccess;
}

/** A piece of host memory; page-aligned, in bytes. */
export interface HostSegment {
  readonly host: HostAddress;
  readonly size: ByteSize;
}

/** Where `mapAnywhere` may place. */
export interface PlacementOptions {
  /** Power of two, in bytes. Default: the window's page size. */
  readonly alignment?: ByteSize;
  /** Last IOVA the device can drive, for example `0xffff_ffffn` for a 32-bit device. */
  readonly highest?: Iova;
}

/** What is used of an AbortSignal; core has no DOM and no Node types. */
export interface StopSignal {
  readonly aborted: boolean;
  readonly reason?: unknown;
}

/** How `mapInChunks` cuts, reports and stops. */
export interface ChunkedMapOptions {
  /** Bytes mapped by one call, a multiple of the page size. Default 64 MiB. */
  readonly chunkSize?: ByteSize;
  readonly onProgress?: (done: ByteSize, total: ByteSize) => void;
  /** Stops between two chunks; what was mapped is unmapped again. */
  readonly signal?: StopSignal | undefined;
}

/** The hot interface: what maps, and nothing that could take the ground away. */
export interface DmaPath {
  /**
   * Makes `[iova, iova + size)` reach `[host, host + size)` for every device of the container.
   *
   * Valid errors: `MAP_ERRORS`. Every refusal that the ledger can know is made before any call (DW3).
   */
  map(iova: Iova, host: HostAddress, size: ByteSize, access: DmaAccess): void;
  /**
   * Finds a free range, maps there and answers where: the same place in every run. It is the lowest
   * that fits; with an alignment above the page size, once 64 lower gaps were large enough and did not
   * fit, it is the lowest gap that fits wherever it begins (O(log n), rule DW7).
   *
   * Valid errors: `MAP_ERRORS`, among them `no-iova-space`.
   */
  mapAnywhere(
    host: HostAddress,
    size: ByteSize,
    access: DmaAccess,
    options?: PlacementOptions,
  ): Iova;
  /**
   * Maps segments one after the other from `iova` on. Neighbours that are contiguous in host memory
   * are one kernel call and one mapping. All or nothing.
   *
   * Valid errors: `MAP_ERRORS`. Answers the number of mappings made.
   */
  mapSegments(iova: Iova, segments: readonly HostSegment[], access: DmaAccess): number;
  /**
   * `map` for gigabytes: in chunks, off the event loop, with progress. Each chunk is a mapping of its
   * own. The whole range is taken in the ledger at once, so that nothing else can be mapped into it.
   *
   * Valid errors: `MAP_ERRORS`; `aborted` when the signal fired, after everything was unmapped again.
   */
  mapInChunks(
    iova: Iova,
    host: HostAddress,
    size: ByteSize,
    access: DmaAccess,
    options?: ChunkedMapOptions,
  ): Promise<void>;
  /**
   * Removes every mapping inside `[iova, iova + size)`. After it returns no device reaches the range.
   *
   * Valid errors: `UNMAP_ERRORS`: `not-mapped` when no mapping lies inside, `splits-mapping` when one
   * reaches over an edge; in both cases nothing was removed and no call was made. When the kernel failed,
   * what it does not say it has removed counts as mapped; where it can be asked (`update-vaddr`), `facts`
   * has the bytes `removed` and `stillMapped`.
   */
  unmap(iova: Iova, size: ByteSize): void;
  /** Removes every mapping and answers the bytes removed. Valid errors: `UNMAP_ERRORS`. */
  unmapAll(): ByteSize;
  /** The live mapping that covers an IOVA. */
  lookup(iova: Iova): Mapping | undefined;
  /** The live mappings, by IOVA. */
  mappings(): readonly Mapping[];
}
