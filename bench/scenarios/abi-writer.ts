// Filling the struct of one map by a compiled writer, and the same stores in C.

import { abiProfile } from "@iommukit/core";
import { createWriter, struct, u32, u64 } from "@iommukit/core/abi";
import type { Scenario } from "../harness/bench.ts";
import { timed } from "../harness/measure.ts";

/** struct vfio_iommu_type1_dma_map, linux/vfio.h. */
const MAP = struct("vfio_iommu_type1_dma_map", 32, {
  argsz: u32(0),
  flags: u32(4),
  vaddr: u64(8),
  iova: u64(16),
  size: u64(24),
});
const RANGE = { host: 0x7f00_0000_0000n, iova: 0x4000_0000n, size: 4096n };

export const scenario: Scenario = (bench) => {
  const { set, bytes } = createWriter(MAP, abiProfile("x86_64", 4096));
  bench.compare({
    series: "struct of one map",
    base: "c",
    measured: (operations) =>
      timed(() => {
        for (let i = 0; i < operations; i++) {
          set.flags(3);
          set.vaddr(RANGE.host);
          set.iova(RANGE.iova);
          set.size(RANGE.size);
        }
      }),
    baseLoop: (operations) => bench.native.fillMap(bytes, RANGE, operations),
  });
};
