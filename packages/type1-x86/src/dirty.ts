// VFIO_IOMMU_DIRTY_PAGES, and VFIO_IOMMU_UNMAP_DMA that reports: Type1v2's log of written pages.
//
// With a device whose driver does not say which pages it writes (every vfio-pci device without a log of
// its own), the kernel reports every mapped page, at every query. That is right, and tells little.

import {
  type DirtySession,
  type KernelAnswer,
  type ProbeContext,
  refusedByKernel,
} from "@iommukit/core";
import { createWriter, ioctlNumber } from "@iommukit/core/abi";
import type { Migration } from "./info.ts";
import {
  VFIO_IOMMU_DIRTY_PAGES,
  VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP,
  VFIO_IOMMU_DIRTY_PAGES_FLAG_START,
  VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP,
  vfio_bitmap,
  vfio_iommu_type1_dirty_bitmap,
  vfio_iommu_type1_dirty_bitmap_get,
} from "./uapi/dirty.ts";
import {
  VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP,
  VFIO_IOMMU_UNMAP_DMA,
  vfio_iommu_type1_dma_unmap,
} from "./uapi/unmap.ts";
import { checkRemoved } from "./unmap.ts";

type Bound = Pick<DirtySession, "query" | "unmap">;

/** The dirty tracking of one container under Type1v2. */
export function createDirty(context: ProbeContext, migration: Migration): DirtySession {
  const tell = bindSwitch(context);
  return Object.freeze({
    ...limits(migration),
    start: () => tell(VFIO_IOMMU_DIRTY_PAGES_FLAG_START, "the kernel does not track dirty pages"),
    stop: () => tell(VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP, "the kernel does not stop tracking"),
    query: bindQuery(context, limits(migration).pageSize),
    unmap: bindUnmap(context, limits(migration).pageSize),
  });
}

/** The smallest page that is tracked, and the largest bitmap in whole words. */
export function limits(migration: Migration): Pick<DirtySession, "pageSize" | "maxBitmapBytes"> {
  const { pageSizes, maxBitmapBytes } = migration;
  const most = BigInt(Number.MAX_SAFE_INTEGER);
  return {
    pageSize: Number(pageSizes & -pageSizes),
    maxBitmapBytes: Number(((maxBitmapBytes < most ? maxBitmapBytes : most) / 8n) * 8n),
  };
}

function bindSwitch({ port, container }: ProbeContext): (flag: number, sentence: string) => void {
  const request = ioctlNumber(port.abi, VFIO_IOMMU_DIRTY_PAGES);
  const { set, bytes } = createWriter(vfio_iommu_type1_dirty_bitmap, port.abi);
  set.argsz(bytes.length);
  return (flag, sentence) => {
    set.flags(flag);
    const result = port.ioctl(container, request, bytes);
    if (result === 0) return;
    throw refusedByKernel(port.abi, { operation: "VFIO_IOMMU_DIRTY_PAGES", result, sentence });
  };
}

function bindQuery({ port, container }: ProbeContext, pageSize: number): Bound["query"] {
  const request = ioctlNumber(port.abi, VFIO_IOMMU_DIRTY_PAGES);
  const tailBytes = vfio_iommu_type1_dirty_bitmap_get.size;
  const head = createWriter(vfio_iommu_type1_dirty_bitmap, port.abi, { tailBytes });
  const get = createWriter(vfio_iommu_type1_dirty_bitmap_get, port.abi, { bytes: head.tail });
  head.set.argsz(head.bytes.length);
  head.set.flags(VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP);
  return (iova, size, into) => {
    get.set.iova(iova);
    get.set.size(size);
    get.set.bitmap.pgsize(BigInt(pageSize));
    get.set.bitmap.size(BigInt(into.length));
    get.set.bitmap.data(into.address);
    const result = port.ioctl(container, request, head.bytes);
    if (result === 0) return;
    throw refusedByKernel(port.abi, {
      operation: "VFIO_IOMMU_DIRTY_PAGES",
      result,
      sentence: "the kernel does not report dirty pages",
      facts: { iova, size },
      ...OWN_BUFFER,
    });
  };
}

function bindUnmap({ port, container }: ProbeContext, pageSize: number): Bound["unmap"] {
  const request = ioctlNumber(port.abi, VFIO_IOMMU_UNMAP_DMA);
  const tailBytes = vfio_bitmap.size;
  const head = createWriter(vfio_iommu_type1_dma_unmap, port.abi, { tailBytes });
  const bitmap = createWriter(vfio_bitmap, port.abi, { bytes: head.tail });
  head.set.argsz(head.bytes.length);
  head.set.flags(VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP);
  return (iova, size, expected, into) => {
    head.set.iova(iova);
    head.set.size(size);
    bitmap.set.pgsize(BigInt(pageSize));
    bitmap.set.size(BigInt(into.length));
    bitmap.set.data(into.address);
    const result = port.ioctl(container, request, head.bytes);
    if (result !== 0)
      throw refusedByKernel(port.abi, {
        operation: "VFIO_IOMMU_UNMAP_DMA",
        result,
        sentence: "the kernel did not remove the mappings with their dirty pages",
        facts: { iova, size, expected },
        ...OWN_BUFFER,
      });
    checkRemoved({ iova, size, expected }, head.get.size());
  };
}

/** The bitmap is this library's own memory: a fault there is not the caller's doing. */
const OWN_BUFFER: Pick<KernelAnswer, "codes" | "hints"> = {
  codes: { EFAULT: "kernel-misbehaved" },
  hints: {
    EFAULT: "the bitmap lies in memory of the library's own; was it unmapped behind its back?",
  },
};
