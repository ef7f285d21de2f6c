// The VADDR flags of VFIO_IOMMU_MAP_DMA and VFIO_IOMMU_UNMAP_DMA: new host addresses (Linux 5.12).
//
// include/uapi/linux/vfio.h:1549 and :1599 (6.12). The kernel does not look at the new address, and
// devices go on reaching the pages that were pinned when the mapping was made.

import {
  type AddressUpdateSession,
  type ByteSize,
  IommuError,
  type Mapping,
  type ProbeContext,
  refusedByKernel,
} from "@iommukit/core";
import { createWriter, errnoNumber, ioctlNumber } from "@iommukit/core/abi";
import { uninterrupted } from "./interrupted.ts";
import {
  VFIO_DMA_MAP_FLAG_VADDR,
  VFIO_IOMMU_MAP_DMA,
  vfio_iommu_type1_dma_map,
} from "./uapi/map.ts";
import {
  VFIO_DMA_UNMAP_FLAG_ALL,
  VFIO_DMA_UNMAP_FLAG_VADDR,
  VFIO_IOMMU_UNMAP_DMA,
  vfio_iommu_type1_dma_unmap,
} from "./uapi/unmap.ts";

/** The raw calls: their result, and for `invalidate` the bytes that the kernel says. */
interface Calls {
  readonly supply: (mapping: Pick<Mapping, "iova" | "size" | "host">) => number;
  readonly invalidate: (flags: number, iova: bigint, size: bigint) => number;
  readonly invalidated: () => bigint;
}

/** The address update of one container, under either version. */
export function createAddressUpdate(context: ProbeContext): AddressUpdateSession {
  const { port } = context;
  const calls = bind(context);
  const invalidate = (flags: number, iova: bigint, size: bigint, expected: ByteSize): void => {
    const result = calls.invalidate(flags, iova, size);
    const facts = { iova, size, expected };
    if (result !== 0)
      throw refusedByKernel(port.abi, {
        operation: "VFIO_IOMMU_UNMAP_DMA",
        result,
        sentence: "the kernel did not invalidate the host addresses",
        facts,
        hints: { EBUSY: "a mediated device of the container works by host addresses" },
      });
    checkInvalidated(facts, calls.invalidated());
  };
  return Object.freeze({
    invalidate: (iova, size, expected) => invalidate(0, iova, size, expected),
    invalidateAll: (expected) => invalidate(VFIO_DMA_UNMAP_FLAG_ALL, 0n, 0n, expected),
    supply: (iova, size, host) => {
      const result = calls.supply({ iova, size, host });
      if (result === 0) return;
      throw refusedByKernel(port.abi, {
        operation: "VFIO_IOMMU_MAP_DMA",
        result,
        sentence: "the kernel did not take the new host address",
        facts: { iova, size, host },
      });
    },
    confirm: (mapping, address) =>
      address === "valid"
        ? confirmValid(port.abi, calls, mapping)
        : confirmInvalid(port.abi, calls, mapping),
  } satisfies AddressUpdateSession);
}

/** VADDR on a mapping whose address is valid is refused with EINVAL; on nothing, with ENOENT. */
function confirmValid(abi: ProbeContext["port"]["abi"], calls: Calls, mapping: Mapping): Answer {
  const result = calls.supply(mapping);
  if (result === 0 || result === -errnoNumber(abi, "EINVAL")) return "held";
  return result === -errnoNumber(abi, "ENOENT") ? "gone" : undefined;
}

/** Invalidating what is invalid is refused with EINVAL; of nothing it is 0 bytes. */
function confirmInvalid(abi: ProbeContext["port"]["abi"], calls: Calls, mapping: Mapping): Answer {
  const result = calls.invalidate(0, mapping.iova, mapping.size);
  if (result === -errnoNumber(abi, "EINVAL")) return "held";
  if (result !== 0) return undefined;
  const invalidated = calls.invalidated();
  if (invalidated === mapping.size) return "held";
  return invalidated === 0n ? "gone" : undefined;
}

type Answer = ReturnType<AddressUpdateSession["confirm"]>;

function bind({ port, container }: ProbeContext): Calls {
  const mapRequest = ioctlNumber(port.abi, VFIO_IOMMU_MAP_DMA);
  const map = createWriter(vfio_iommu_type1_dma_map, port.abi);
  map.set.argsz(map.bytes.length);
  map.set.flags(VFIO_DMA_MAP_FLAG_VADDR);
  const callMap = uninterrupted(port.abi, () => port.ioctl(container, mapRequest, map.bytes));
  const unmapRequest = ioctlNumber(port.abi, VFIO_IOMMU_UNMAP_DMA);
  const unmap = createWriter(vfio_iommu_type1_dma_unmap, port.abi);
  unmap.set.argsz(unmap.bytes.length);
  return {
    supply: ({ iova, size, host }) => {
      map.set.vaddr(host);
      map.set.iova(iova);
      map.set.size(size);
      return callMap();
    },
    invalidate: (flags, iova, size) => {
      unmap.set.flags(VFIO_DMA_UNMAP_FLAG_VADDR | flags);
      unmap.set.iova(iova);
      unmap.set.size(size);
      return port.ioctl(container, unmapRequest, unmap.bytes);
    },
    invalidated: () => unmap.get.size(),
  };
}

function checkInvalidated(
  facts: { readonly iova: bigint; readonly size: bigint; readonly expected: bigint },
  invalidated: bigint,
): void {
  if (invalidated === facts.expected) return;
  throw new IommuError({
    code: "kernel-misbehaved",
    operation: "VFIO_IOMMU_UNMAP_DMA",
    sentence: "the kernel invalidated another number of bytes than are mapped",
    facts: { ...facts, invalidated },
    hint: "was the container changed by another process?",
  });
}
