// Every fault an IOMMU raised, for the people who watch the simulation.
//
// The hardware's own records (fault registers, event log) are separate, small and overflow; this
// list is what a test asserts on. It is bounded so that a device that faults for ever costs nothing.

import type { DmaFault } from "./iommu-hardware.ts";

const MOST_FAULTS = 10_000;

export class FaultLog {
  #faults: DmaFault[] = [];
  #last: DmaFault | undefined;

  get last(): DmaFault | undefined {
    return this.#last;
  }

  add(fault: DmaFault): void {
    this.#last = fault;
    if (this.#faults.length < MOST_FAULTS) this.#faults.push(fault);
  }

  /** Faults since the last call, oldest first; the first 10,000 of them. */
  take(): readonly DmaFault[] {
    const taken = this.#faults;
    this.#faults = [];
    return taken;
  }
}

/** Counters of one IOMMU; the hardware writes them, everybody else only reads. */
export interface MutableStatistics {
  hits: number;
  walks: number;
  faults: number;
  invalidations: number;
}
