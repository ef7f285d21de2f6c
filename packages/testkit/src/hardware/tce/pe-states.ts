// The state of each PE as PESTA and PESTB show it: MMIO stopped, DMA stopped, and by what.
//
// A fault sets bit 0 of both. Firmware reads and clears them; until then loads answer all ones, stores
// and DMA vanish.

import type { BusAccess } from "../iommu-hardware.ts";

export const MMIO_STOPPED = 1;
export const DMA_STOPPED = 2;

/** The first fault of a stopped PE, for firmware's error log. */
export interface FirstFault {
  readonly requester: number;
  readonly frame: number;
  readonly access: BusAccess;
  /** The bit of PESTA that says why. */
  readonly code: number;
}

export class PeStates {
  readonly #stopped: Uint8Array;
  readonly #first = new Map<number, FirstFault>();
  readonly #canStop: boolean;

  /** QEMU's bridges keep the bits of PESTA and PESTB always clear. */
  constructor(pes: number, stops: "stops" | "never stops") {
    this.#stopped = new Uint8Array(pes);
    this.#canStop = stops === "stops";
  }

  /** MMIO_STOPPED and DMA_STOPPED. Hot. */
  stopped(pe: number): number {
    return this.#stopped[pe] ?? 0;
  }

  stop(pe: number, what: number, fault?: FirstFault): void {
    if (!this.#canStop) return;
    this.#stopped[pe] = this.stopped(pe) | what;
    if (fault !== undefined && !this.#first.has(pe)) this.#first.set(pe, fault);
  }

  resume(pe: number, what: number): void {
    this.#stopped[pe] = this.stopped(pe) & ~what;
    if (this.stopped(pe) === 0) this.#first.delete(pe);
  }

  /** What stopped the PE, as long as anything of it is. */
  firstFault(pe: number): FirstFault | undefined {
    return this.#first.get(pe);
  }

  /** PESTA: bit 0 (the most significant) MMIO stopped, the cause's bit, the requester below. */
  pesta(pe: number): bigint {
    const fault = this.#first.get(pe);
    const stopped = (this.stopped(pe) & MMIO_STOPPED) === 0 ? 0n : 1n << 63n;
    if (fault === undefined) return stopped;
    return stopped | (1n << BigInt(63 - fault.code)) | BigInt(fault.requester);
  }

  /** PESTB: bit 0 DMA stopped, the frame of the first fault below. */
  pestb(pe: number): bigint {
    const stopped = (this.stopped(pe) & DMA_STOPPED) === 0 ? 0n : 1n << 63n;
    return stopped | BigInt(this.#first.get(pe)?.frame ?? 0);
  }
}
