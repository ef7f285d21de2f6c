// VFIO_IOMMU_GET_INFO: page sizes, allowed ranges, mappings left; every answer checked.

import { IommuError, type ProbeContext, refusedByKernel } from "@iommukit/core";
import {
  askWithArgsz,
  type Capability,
  capabilities,
  createReader,
  findCapability,
  ioctlNumber,
  readCapability,
  requireCount,
} from "@iommukit/core/abi";
import * as uapi from "./uapi/info.ts";

export interface IovaRange {
  readonly start: bigint;
  /** Included. */
  readonly last: bigint;
}

export interface Type1Info {
  /** Bit n: the IOMMU has pages of 2^n bytes. Never 0. */
  readonly pageSizes: bigint;
  /** In order and disjoint; undefined when the kernel does not say. */
  readonly ranges: readonly IovaRange[] | undefined;
  readonly mappingsAvailable: number | undefined;
  /** What the kernel says of dirty bitmaps; undefined when it says nothing. */
  readonly migration: Migration | undefined;
}

/** `struct vfio_iommu_type1_info_cap_migration`, as it was answered. */
export interface Migration {
  /** Bit n: pages of 2^n bytes can be tracked. */
  readonly pageSizes: bigint;
  /** Bytes of the largest bitmap that one call takes. */
  readonly maxBitmapBytes: bigint;
}

const OPERATION = "VFIO_IOMMU_GET_INFO";
/** `offsetof(cap_offset)` in the first version of the struct, which had no capabilities. */
const FIRST_VERSION_BYTES = 16;

/** Valid errors: `kernel-refused`, `kernel-misbehaved`. */
export function readInfo({ port, container }: ProbeContext): Type1Info {
  const request = ioctlNumber(port.abi, uapi.VFIO_IOMMU_GET_INFO);
  const { result, bytes } = askWithArgsz(port.abi, {
    operation: OPERATION,
    bytes: uapi.vfio_iommu_type1_info.size,
    call: (argument) => port.ioctl(container, request, argument),
  });
  if (result !== 0)
    throw refusedByKernel(port.abi, {
      operation: OPERATION,
      result,
      sentence: "the kernel does not describe its IOMMU",
    });
  const { get } = createReader(uapi.vfio_iommu_type1_info, port.abi, bytes);
  const flags = get.flags();
  const chain =
    (flags & uapi.VFIO_IOMMU_INFO_CAPS) === 0
      ? []
      : capabilities(port.abi, {
          operation: OPERATION,
          info: bytes,
          first: get.cap_offset(),
          fixedBytes: FIRST_VERSION_BYTES,
        });
  return {
    pageSizes: checkedPageSizes(flags, get.iova_pgsizes(), port.abi.pageSize),
    ...readChain(port.abi, chain),
  };
}

type Abi = ProbeContext["port"]["abi"];

function readChain(abi: Abi, chain: readonly Capability[]): Omit<Type1Info, "pageSizes"> {
  const ranges = findCapability(chain, uapi.VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE);
  const available = findCapability(chain, uapi.VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL);
  const migration = findCapability(chain, uapi.VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION);
  return {
    ranges: ranges && readRanges(abi, ranges),
    mappingsAvailable:
      available &&
      readCapability(OPERATION, uapi.vfio_iommu_type1_info_dma_avail, abi, available).get.avail(),
    migration: migration && readMigration(abi, migration),
  };
}

function readMigration(abi: Abi, capability: Capability): Migration {
  const layout = uapi.vfio_iommu_type1_info_cap_migration;
  const { get } = readCapability(OPERATION, layout, abi, capability);
  return { pageSizes: get.pgsize_bitmap(), maxBitmapBytes: get.max_dirty_bitmap_size() };
}

function readRanges(abi: Abi, capability: Capability): readonly IovaRange[] {
  const layout = uapi.vfio_iommu_type1_info_cap_iova_range;
  const { get } = readCapability(OPERATION, layout, abi, capability);
  const count = get.nr_iovas();
  const room = Math.floor((capability.bytes.length - layout.size) / uapi.vfio_iova_range.size);
  requireCount(OPERATION, "IOVA ranges", count, room);
  const ranges: IovaRange[] = [];
  let after = -1n;
  for (let i = 0; i < count; i++) {
    const range = get.iova_ranges(i);
    const start = range.start();
    const last = range.end();
    if (start <= after || last < start)
      throw misbehaved("its IOVA ranges overlap or are not in order");
    ranges.push({ start, last });
    after = last;
  }
  return ranges;
}

/** A kernel that names no page size says nothing of the hardware: its own page always works. */
function checkedPageSizes(flags: number, pageSizes: bigint, pageSize: number): bigint {
  if ((flags & uapi.VFIO_IOMMU_INFO_PGSIZES) === 0) return BigInt(pageSize);
  if (pageSizes < 4096n || (pageSizes & 4095n) !== 0n)
    throw misbehaved("its page sizes are none, or smaller than 4 KiB");
  return pageSizes;
}

function misbehaved(why: string): IommuError {
  return new IommuError({
    code: "kernel-misbehaved",
    operation: OPERATION,
    sentence: `the kernel's answer contradicts itself: ${why}`,
  });
}
