// VFIO_IOMMU_UNMAP_DMA: clears entries, and by the way makes the default window real.

import {
  type ByteSize,
  type IommuError,
  type Iova,
  type KernelPort,
  type ProbeContext,
  refusedByKernel,
} from "@iommukit/core";
import { createRow2, createWriter, ioctlNumber } from "@iommukit/core/abi";
import { lockedState, RAISE_LIMIT } from "./locked.ts";
import type { Clear } from "./map.ts";
import { VFIO_IOMMU_UNMAP_DMA, vfio_iommu_type1_dma_unmap } from "./uapi/map.ts";

/** The raw call, which answers 0 for a range with holes and for an empty one. */
export function createClear({ port, container }: ProbeContext): Clear {
  const request = ioctlNumber(port.abi, VFIO_IOMMU_UNMAP_DMA);
  const { set, bytes } = createWriter(vfio_iommu_type1_dma_unmap, port.abi);
  set.argsz(bytes.length);
  const space = { layout: vfio_iommu_type1_dma_unmap, abi: port.abi, bytes };
  const fill = createRow2(space, "flags", ["iova", "size"]);
  return (iova, size) => {
    fill(0, iova, size);
    return port.ioctl(container, request, bytes);
  };
}

/** The unmap of one container. The kernel writes no size back, so the ledger's own count stands (I19). */
export function createUnmap(
  { port }: ProbeContext,
  clear: Clear,
): (iova: Iova, size: ByteSize, expected: ByteSize) => void {
  return (iova, size, expected) => {
    const result = clear(iova, size);
    if (result !== 0)
      throw refusedByKernel(port.abi, {
        operation: "VFIO_IOMMU_UNMAP_DMA",
        result,
        sentence: "the kernel did not remove the mapping",
        facts: { iova, size, expected },
      });
  };
}

/**
 * Makes the default window real: the kernel does it in its first MAP_DMA or UNMAP_DMA, whatever the range,
 * so an empty unmap does it without anything else.
 *
 * Valid errors: `locked-memory-limit`, `out-of-memory`, `permission-denied`, `kernel-refused`,
 * `kernel-misbehaved`; the window is pending still.
 */
export function makeDefaultWindow(
  port: KernelPort,
  clear: Clear,
  start: bigint,
  tableBytes: bigint,
): void {
  const result = clear(start, 0n);
  if (result !== 0) throw defaultRefused(port, result, tableBytes);
}

function defaultRefused(port: KernelPort, result: number, tableBytes: bigint): IommuError {
  const { overLimit, locked, limit } = lockedState(port, tableBytes);
  return refusedByKernel(port.abi, {
    operation: "VFIO_IOMMU_UNMAP_DMA",
    result,
    sentence: "the kernel did not make the default window",
    facts: { tableBytes, locked, limit },
    codes: { ENOMEM: overLimit ? "locked-memory-limit" : "out-of-memory" },
    hints: {
      ENOMEM: overLimit ? RAISE_LIMIT : "the kernel itself is short of memory",
      ENODEV:
        "the firmware refused a window of this device before, and does so until the next boot",
    },
  });
}
