// One page mapped and unmapped again through the whole simulated stack: public interface, ledger,
// backend, bytes, simulated system call, pinning, page table, invalidation queue, IOTLB.

import { createIommu, iova } from "@iommukit/core";
import { type1 } from "@iommukit/type1-x86";
import type { Scenario } from "../harness/bench.ts";
import { timed } from "../harness/measure.ts";

const AT = iova(0x4000_0000);

export const scenario: Scenario = (bench) => {
  const { host } = bench;
  const [device] = host.devices;
  if (device === undefined) throw new Error(`${host.target} has no device`);
  const iommu = createIommu(host.port);
  using memory = iommu.allocate(4096);
  using container = iommu.openContainer({ groups: [device.group], backends: [type1()] });
  const { dma } = container;
  const { address, size } = memory;
  bench.compare({
    series: "map+unmap 4 KiB, simulated",
    base: "yardstick",
    measured: (operations) =>
      timed(() => {
        for (let i = 0; i < operations; i++) {
          dma.map(AT, address, size, "read-write");
          dma.unmap(AT, size);
        }
      }),
    baseLoop: bench.yardstick,
  });
};
