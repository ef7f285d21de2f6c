// Rule I41: registration, windows and maps of one process never overlap in the kernel.

import { bytes, createIommu, iova, type KernelPort, MiB } from "@iommukit/core";
import { ioctlNumber } from "@iommukit/core/abi";
import { VFIO_CHECK_EXTENSION } from "@iommukit/core/uapi";
import { spaprTce } from "@iommukit/spapr-tce";
import { powernv, simulatedHost } from "@iommukit/testkit";
import { expect, test } from "vitest";

/** A port that notes which calls were made off the event loop, and what ran meanwhile. */
function watched(port: KernelPort): { port: KernelPort; asynchronous: number[] } {
  const asynchronous: number[] = [];
  const ioctlAsync: KernelPort["ioctlAsync"] = (fd, request, argument) => {
    asynchronous.push(request);
    return port.ioctlAsync(fd, request, argument);
  };
  const watching = new Proxy(port, {
    get: (target, name) => (name === "ioctlAsync" ? ioctlAsync : Reflect.get(target, name, target)),
  });
  return { port: watching, asynchronous };
}

test.each([1, 2] as const)(
  "v%d: a map in chunks makes no map off the event loop",
  async (version) => {
    const sim = simulatedHost(powernv());
    const { port, asynchronous } = watched(sim.port);
    const iommu = createIommu(port);
    using memory = iommu.allocate(20 * MiB);
    using other = iommu.allocate(4096);
    using container = iommu.openContainer({ groups: [2], backends: [spaprTce({ version })] });
    container.memory.register(memory.address, memory.size);
    let turns = 0;
    const chunkSize = bytes(18 * MiB);
    const mapping = container.dma.mapInChunks(iova(0), memory.address, memory.size, "read", {
      chunkSize,
    });
    // What else the program does runs between two slices, never during one.
    const meanwhile = (async () => {
      while (sim.inspect.mappings().reduce((sum, { size }) => sum + size, 0n) < memory.size) {
        const registration = container.memory.register(other.address, other.size);
        const at = iova(0x7000_0000n);
        container.dma.map(at, other.address, other.size, "read");
        container.dma.unmap(at, other.size);
        registration.close();
        turns++;
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    await Promise.all([mapping, meanwhile]);
    expect(turns).toBeGreaterThan(0);
    const harmless = ioctlNumber(port.abi, VFIO_CHECK_EXTENSION);
    expect(asynchronous).toEqual([harmless, harmless, harmless]);
    expect(container.dma.mappings().map(({ size }) => size)).toEqual([chunkSize, bytes(2 * MiB)]);
  },
);
