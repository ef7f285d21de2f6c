// VFIO_IOMMU_MAP_DMA: bound once for each container; a map fills one reused struct.

import {
  type ByteSize,
  bytes as byteSize,
  type DmaAccess,
  type ErrorCode,
  type HostAddress,
  hostPlus,
  type IommuError,
  type Iova,
  iovaPlus,
  type KernelPort,
  type ProbeContext,
  refusedByKernel,
} from "@iommukit/core";
import { createRow3, createWriter, ioctlNumber } from "@iommukit/core/abi";
import { VFIO_CHECK_EXTENSION } from "@iommukit/core/uapi";
import { lockedState, RAISE_LIMIT } from "./locked.ts";
import {
  VFIO_DMA_MAP_FLAG_READ,
  VFIO_DMA_MAP_FLAG_WRITE,
  VFIO_IOMMU_MAP_DMA,
  vfio_iommu_type1_dma_map,
} from "./uapi/map.ts";
import type { SpaprVersion } from "./version.ts";

const FLAGS: Readonly<Record<DmaAccess, number>> = {
  read: VFIO_DMA_MAP_FLAG_READ,
  write: VFIO_DMA_MAP_FLAG_WRITE,
  "read-write": VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
};

export type Map = (iova: Iova, host: HostAddress, size: ByteSize, access: DmaAccess) => void;
/** Clears a range of one window, whatever is in it: 0, or what the kernel answered. */
export type Clear = (iova: bigint, size: bigint) => number;

interface MapRange {
  readonly iova: Iova;
  readonly host: HostAddress;
  readonly size: ByteSize;
  readonly access: DmaAccess;
}

/**
 * The map of one container. `prepare` makes the default window real where that is still to do.
 *
 * The range was empty before (DW3), so after any answer but 0 it is cleared: a mapping that nobody knows of
 * would orphan its memory when that is unregistered.
 */
export function createMap(
  { port, container }: ProbeContext,
  version: SpaprVersion,
  prepare: (iova: bigint) => void,
  clear: Clear,
): Map {
  const request = ioctlNumber(port.abi, VFIO_IOMMU_MAP_DMA);
  const { set, bytes } = createWriter(vfio_iommu_type1_dma_map, port.abi);
  set.argsz(bytes.length);
  const space = { layout: vfio_iommu_type1_dma_map, abi: port.abi, bytes };
  const fill = createRow3(space, "flags", ["vaddr", "iova", "size"]);
  return (iova, host, size, access) => {
    prepare(iova);
    fill(FLAGS[access], host, iova, size);
    const result = port.ioctl(container, request, bytes);
    if (result === 0) return;
    clear(iova, size);
    throw mapRefused(port, version, result, { iova, host, size, access });
  };
}

/**
 * Bytes that one call of `mapAsync` maps: 256 pages of 64 KiB, 4096 of 4 KiB. The event loop stands still
 * for one slice.
 */
const SLICE = 16n * 1024n * 1024n;

/**
 * The same with the event loop running between slices.
 *
 * The map itself is not made on another thread: MAP_DMA takes no lock against UNREGISTER_MEMORY,
 * TCE_REMOVE or a second map that makes the default window, and answers 0 for a partial mapping when it
 * loses (tce_iommu_build_v2, drivers/vfio/vfio_iommu_spapr_tce.c, 6.12). On one thread nothing overlaps.
 * Pinning, the slow part under Type1, was done when the memory was registered.
 */
export function createMapAsync(
  { port, container }: ProbeContext,
  map: Map,
  clear: Clear,
): (...range: Parameters<Map>) => Promise<void> {
  const request = ioctlNumber(port.abi, VFIO_CHECK_EXTENSION);
  // Any call that changes nothing lets the loop run; its answer does not matter.
  const breathe = (): Promise<number> => port.ioctlAsync(container, request, 0);
  return async (iova, host, size, access) => {
    for (let done = 0n; done < size; done += SLICE) {
      await breathe();
      const left = size - done;
      try {
        map(
          iovaPlus(iova, done),
          hostPlus(host, done),
          byteSize(left < SLICE ? left : SLICE),
          access,
        );
      } catch (error) {
        if (done > 0n) clear(iova, done);
        throw error;
      }
    }
  };
}

function mapRefused(
  port: KernelPort,
  version: SpaprVersion,
  result: number,
  range: MapRange,
): IommuError {
  // Under v2 nothing but a level of the table is allocated, and that is not charged.
  const { overLimit, locked, limit } = lockedState(port, version === 1 ? range.size : 0n);
  const { codes, hints } = version === 2 ? V2 : V1;
  return refusedByKernel(port.abi, {
    operation: "VFIO_IOMMU_MAP_DMA",
    result,
    sentence: "the kernel did not make the mapping",
    facts: { ...range, locked, limit },
    codes: { ENOMEM: overLimit ? "locked-memory-limit" : "out-of-memory", ...codes },
    hints: { ENOMEM: overLimit ? RAISE_LIMIT : "the kernel itself is short of memory", ...hints },
  });
}

interface Meanings {
  readonly codes: Readonly<Record<string, ErrorCode>>;
  readonly hints: Readonly<Record<string, string>>;
}

const SMALL_PAGES =
  "the pages that back the memory are smaller than the window's: allocate it with that pageSize, aligned to it";

/** The ledger has checked window, alignment and registration: what is left is the backing. */
const V2: Meanings = {
  codes: { EINVAL: "memory-fault", EPERM: "memory-fault" },
  hints: {
    EINVAL: SMALL_PAGES,
    EPERM: SMALL_PAGES,
    ENXIO: "the window is gone: was the container changed by another process?",
    // H_PARAMETER (-4) of the hypervisor comes through as an errno (platforms/pseries/iommu.c, 6.12).
    EINTR: "under a hypervisor this is H_PARAMETER: it does not take this address",
  },
};
const V1: Meanings = {
  codes: { EFAULT: "memory-fault" },
  hints: { EFAULT: "the memory must be there for its whole length, and writable for any access" },
};
