// A simulated host as the cases see it, with everything that a simulation makes possible.

import type { HostMemory } from "@iommukit/core/port";
import type { SimulatedHost } from "../machines/simulated-host.ts";
import type { CaseHost } from "./host.ts";

export function simulatedCaseHost(host: SimulatedHost): CaseHost {
  return {
    port: host.port,
    devices: host.devices,
    abilities: {
      fork: (limit) => host.newProcess(limit === undefined ? {} : limited(limit), host.process),
      readOnly: (content) => readOnly(host, content),
    },
  };
}

function limited({ lockedPages }: { readonly lockedPages: number }) {
  return { uid: 1000, lockedMemoryLimit: lockedPages * 4096 };
}

/** Nothing stops JavaScript from storing into simulated memory of any protection. */
function readOnly(host: SimulatedHost, content: Uint8Array): HostMemory {
  const memory = host.port.mapMemory({ length: content.length, protection: "read" });
  if (typeof memory === "number") throw new Error(`mapMemory answers ${memory}`);
  memory.bytes.set(content);
  return memory;
}
