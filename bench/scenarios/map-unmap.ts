// One range mapped and unmapped again, by the public interface and by the same two ioctls in C.

import { createIommu, type DmaMemory, formatSize, iova } from "@iommukit/core";
import { spaprTce } from "@iommukit/spapr-tce";
import { type1 } from "@iommukit/type1-x86";
import type { Bench, Scenario } from "../harness/bench.ts";
import { timed } from "../harness/measure.ts";

/** Whichever the host has: both map and unmap with the same two ioctls. */
const BACKENDS = [type1(), spaprTce()];
/** Far from 0 and aligned for any page size that is measured. */
const AT = iova(0x4000_0000);

export const scenario: Scenario = (bench) => {
  const { host, native, argument } = bench;
  const [device] = host.devices;
  if (device === undefined) throw new Error(`${host.target} has no device`);
  const iommu = createIommu(host.port);
  using memory = iommu.allocate(argument);
  using container = iommu.openContainer({ groups: [device.group], backends: BACKENDS });
  const { dma } = container;
  container.memory.register(memory.address, memory.size);
  const { address, size } = present(memory);
  const fd = containerDescriptor(bench);
  const range = { host: address, iova: AT, size };
  bench.compare({
    series: `map+unmap ${formatSize(size)}`,
    base: "c",
    measured: (operations) =>
      timed(() => {
        for (let i = 0; i < operations; i++) {
          dma.map(AT, address, size, "read-write");
          dma.unmap(AT, size);
        }
      }),
    baseLoop: (operations) => native.mapUnmap(fd, range, operations),
  });
};

/** The same memory for both, and there before the first map: neither pays for page faults. */
function present(memory: DmaMemory): DmaMemory {
  memory.bytes.fill(1);
  return memory;
}

/** The C loop uses the library's own container; its descriptor is this process's business only. */
function containerDescriptor({ host: { port } }: Bench): number {
  const open = port.list("/proc/self/fd");
  const found = (typeof open === "number" ? [] : open).find(
    (fd) => port.readLink(`/proc/self/fd/${fd}`) === "/dev/vfio/vfio",
  );
  if (found === undefined) throw new Error("the container's descriptor was not found");
  return Number(found);
}
