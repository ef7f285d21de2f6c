// The machines that histories run on, each with what a model needs to know of it.
//
// Windows are written from the manuals and the kernel's own listing, never asked from the simulator.

import { amdvi } from "../machines/amdvi.ts";
import type { Machine } from "../machines/machine.ts";
import type { HostOptions } from "../machines/simulated-host.ts";
import { vtd } from "../machines/vtd.ts";
import type { ModelWindow } from "./model.ts";

export interface HistoryMachine {
  readonly name: string;
  readonly machine: () => Machine;
  readonly host: HostOptions;
  readonly windows: readonly ModelWindow[];
  /** Mappings that a container takes. */
  readonly mappingLimit: number;
  /** Pages that the process may lock. */
  readonly lockedLimit: number;
}

const MSI_FIRST = 0xfee00;
const BELOW_MSI: ModelWindow = { first: 0, last: MSI_FIRST - 1 };
const ABOVE_MSI = MSI_FIRST + 0x100;

/** VT-d with 39-bit tables: [0, 0xfedfffff] and [0xfef00000, 2^39 - 1]. */
export const VTD_WINDOWS: readonly ModelWindow[] = [
  BELOW_MSI,
  { first: ABOVE_MSI, last: 2 ** 27 - 1 },
];

/** AMD-Vi also cuts out HyperTransport's range, and the last page of 64 bits is never offered. */
export const AMDVI_WINDOWS: readonly ModelWindow[] = [
  BELOW_MSI,
  { first: ABOVE_MSI, last: 0xfd0_0000 - 1 },
  { first: 0x1000_0000, last: 2 ** 52 - 2 },
];

const UNLIMITED = Number.POSITIVE_INFINITY;

/** A user without privileges meets the limits at once. */
const LIMITED: HostOptions = {
  process: { uid: 1000, capabilities: [], lockedMemoryLimit: 40 * 4096 },
  parameters: { dmaEntryLimit: 5 },
  groupMode: 0o666,
};

export const HISTORY_MACHINES: readonly HistoryMachine[] = [
  {
    name: "VT-d, eager",
    machine: () => vtd(),
    host: {},
    windows: VTD_WINDOWS,
    mappingLimit: 65_535,
    lockedLimit: UNLIMITED,
  },
  {
    name: "AMD-Vi, eager",
    machine: () => amdvi(),
    host: {},
    windows: AMDVI_WINDOWS,
    mappingLimit: 65_535,
    lockedLimit: UNLIMITED,
  },
  {
    name: "VT-d, lazy, contiguous memory, little to lock",
    machine: () => vtd({ iotlbMode: "lazy", memoryLayout: "contiguous" }),
    host: LIMITED,
    windows: VTD_WINDOWS,
    mappingLimit: 5,
    lockedLimit: 40,
  },
  {
    name: "AMD-Vi, lazy, contiguous memory, little to lock",
    machine: () => amdvi({ driver: { iotlbMode: "lazy" }, memoryLayout: "contiguous" }),
    host: LIMITED,
    windows: AMDVI_WINDOWS,
    mappingLimit: 5,
    lockedLimit: 40,
  },
];
