// The kernel's allowed IOVA ranges as windows.
//
// The MSI window (0xfee00000 to 0xfeefffff on x86) is already cut out of the ranges by the kernel.

import { type DmaWindow, iova } from "@iommukit/core";
import type { Type1Info } from "./info.ts";

/** Where a kernel before 5.4 lets mappings be made for sure: below the MSI window. */
const SILENT_KERNEL = [{ start: 0n, last: 0xfedf_ffffn }];

const LAST_ADDRESS = (1n << 64n) - 1n;

export function iovaWindows(info: Type1Info): readonly DmaWindow[] {
  const page = info.pageSizes & -info.pageSizes;
  const ranges = info.ranges ?? SILENT_KERNEL;
  return Object.freeze(
    ranges
      .map(({ start, last }) => wholePages(start, last, page))
      .filter(({ start, last }) => last > start)
      .map(({ start, last }) => ({
        kind: "fixed" as const,
        start: iova(start),
        last: iova(last),
        pageSize: Number(page),
        hardwarePageSizes: info.pageSizes,
      })),
  );
}

function wholePages(start: bigint, last: bigint, page: bigint): { start: bigint; last: bigint } {
  const first = ((start + page - 1n) / page) * page;
  const end = ((last + 1n) / page) * page;
  // Linux 6.12 loses a mapping that ends at 2^64: unmap answers success and removes nothing, and its
  // pages stay pinned after close (vfio_iommu_type1.c:1371). The last page is never offered.
  return { start: first, last: end > LAST_ADDRESS ? end - page - 1n : end - 1n };
}
