// A simulated host as the cases see it, with everything that a simulation makes possible.

import type { HostMemory } from "@iommukit/core/port";
import { EBADF } from "../kernel/errno.ts";
import type { ProcessOptions } from "../kernel/process.ts";
import type { SimulatedHost } from "../machines/simulated-host.ts";
import type { CaseHost, MemoryFile } from "./host.ts";

export function simulatedCaseHost(host: SimulatedHost): CaseHost {
  return {
    port: host.port,
    devices: host.devices,
    abilities: {
      fork: ({ lockedPages }) => host.newProcess(limited(host, lockedPages), host.process),
      readOnly: (content) => readOnly(host, content),
      read: (fd, into) => host.process.fds.get(fd)?.read(into) ?? -EBADF,
      memoryFile: (bytes) => memoryFile(host, bytes),
    },
  };
}

function limited({ port }: SimulatedHost, lockedPages: number | undefined): ProcessOptions {
  if (lockedPages === undefined) return {};
  return { uid: 1000, lockedMemoryLimit: lockedPages * port.abi.pageSize };
}

function memoryFile({ kernel }: SimulatedHost, bytes: number): MemoryFile {
  const file = kernel.files.create("memory", bytes);
  return {
    path: "/tmp/memory",
    truncate: (length) => file.truncate(length),
    remove() {
      kernel.files.remove("memory");
      file.free();
    },
  };
}

/** Nothing stops JavaScript from storing into simulated memory of any protection. */
function readOnly(host: SimulatedHost, content: Uint8Array): HostMemory {
  const memory = host.port.mapMemory({ length: content.length, protection: "read" });
  if (typeof memory === "number") throw new Error(`mapMemory answers ${memory}`);
  memory.bytes.set(content);
  return memory;
}
