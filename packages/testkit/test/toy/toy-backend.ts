// The toy architecture's backend: the smallest one there is, from core's public names alone.

import {
  type BackendSession,
  bytes,
  checkExtension,
  type DmaAccess,
  type DmaWindow,
  type IommuBackend,
  iova,
  type ProbeContext,
  refusedByKernel,
  setIommu,
} from "@iommukit/core";
import { createWriter, io, ioctlNumber, struct, u32, u64 } from "@iommukit/core/abi";
import { TOY_IOMMU } from "./toy-kernel-driver.ts";

const VFIO = 0x3b;
const TOY_MAP = io(VFIO, 140);
const TOY_UNMAP = io(VFIO, 141);
const MAP = struct("toy_map", 24, {
  host: u64(0),
  frame: u32(8),
  pages: u32(12),
  access: u32(16),
  zero: u32(20),
});
const ACCESS: Readonly<Record<DmaAccess, number>> = { write: 1, read: 2, "read-write": 3 };

const WINDOW: DmaWindow = Object.freeze({
  kind: "fixed",
  start: iova(0x8000_0000),
  last: iova(0x8fff_ffff),
  pageSize: 4096,
  hardwarePageSizes: 4096n,
});

export function toyBackend(): IommuBackend {
  return {
    name: "toy",
    probe({ port, container }) {
      const usable = checkExtension(port, container, TOY_IOMMU) > 0;
      return usable ? { usable } : { usable, reason: "the kernel has no toy" };
    },
    open(context) {
      const result = setIommu(context.port, context.container, TOY_IOMMU);
      if (result === 0) return session(context);
      throw refusedByKernel(context.port.abi, {
        operation: "VFIO_SET_IOMMU",
        result,
        sentence: "the kernel does not put these groups under the toy",
      });
    },
  };
}

function session({ port, container }: ProbeContext): BackendSession {
  const map: BackendSession["map"] = (at, host, size, access) => {
    const { set, bytes: argument } = createWriter(MAP, port.abi);
    set.host(host);
    set.frame(Number(at >> 12n));
    set.pages(Number(size >> 12n));
    set.access(ACCESS[access]);
    const result = port.ioctl(container, ioctlNumber(port.abi, TOY_MAP), argument);
    if (result !== 0)
      throw refusedByKernel(port.abi, {
        operation: "TOY_MAP",
        result,
        sentence: "the toy did not map",
        codes: { EFAULT: "memory-fault", ENOSPC: "mapping-limit" },
      });
  };
  const live = new Map<bigint, bigint>();
  return {
    capabilities: {
      isolation: { offered: true },
      "interrupt-isolation": { offered: true },
      "write-only": { offered: false, reason: "untested" },
    },
    readWindows: () => [WINDOW],
    readMappingsAvailable: () => 64,
    map(at, host, size, access) {
      map(at, host, size, access);
      live.set(at, size);
    },
    async mapAsync(at, host, size, access) {
      await Promise.resolve();
      map(at, host, size, access);
      live.set(at, size);
    },
    unmap(at, size) {
      // This kernel removes one mapping for a call: a range is a loop.
      for (const [start] of [...live].filter(([s]) => at <= s && s < at + size)) {
        const frame = Number(start >> 12n);
        const result = port.ioctl(container, ioctlNumber(port.abi, TOY_UNMAP), frame);
        if (result !== 0)
          throw refusedByKernel(port.abi, {
            operation: "TOY_UNMAP",
            result,
            sentence: "the toy did not unmap",
            facts: { start, size: bytes(size) },
          });
        live.delete(start);
      }
    },
  };
}
