// Bus accesses under a device's identity, one at a time, with what became of them.
//
// Bus mastering, registers and drivers do not matter here; only the IOMMU stands in the way.

import type { DmaBus, DmaResult } from "../memory/bus.ts";

/** Accesses as one requester. */
export interface RawDma {
  /** Host memory → device. */
  read(address: bigint, into: Uint8Array): DmaResult;
  /** Device → host memory. */
  write(address: bigint, from: Uint8Array): DmaResult;
}

export function rawDma(bus: DmaBus, requester: number): RawDma {
  return {
    read: (address, into) => bus.dmaRead(requester, address, into),
    write: (address, from) => bus.dmaWrite(requester, address, from),
  };
}
