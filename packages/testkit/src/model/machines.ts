// The machines that histories run on, each with what a model needs to know of it.
//
// Windows are written from the manuals and the kernel's own listing, never asked from the simulator.

import { amdvi } from "../machines/amdvi.ts";
import type { Machine } from "../machines/machine.ts";
import { powernv } from "../machines/powernv.ts";
import { pseries } from "../machines/pseries.ts";
import type { HostOptions } from "../machines/simulated-host.ts";
import { vtd } from "../machines/vtd.ts";
import type { CommandKind } from "./command.ts";
import { POWER_COMMANDS } from "./commands/power.ts";
import type { ModelWindow, Pinning } from "./model.ts";

export interface HistoryMachine {
  readonly name: string;
  readonly machine: () => Machine;
  readonly host: HostOptions;
  readonly windows: readonly ModelWindow[];
  /** Mappings that a container takes. */
  readonly mappingLimit: number;
  /** Pages that the process may lock. */
  readonly lockedLimit: number;
  /** What pins memory. Default mappings. */
  readonly pinning?: Pinning;
  /** Bytes that the window costs which a container's first map makes. Default none. */
  readonly windowCharge?: number;
  /** Names of container commands, by distance from VFIO_BASE, where the header's are not the driver's. */
  readonly containerNames?: Readonly<Record<number, string>>;
  /** The commands that its backend offers. Default all. */
  readonly commands?: readonly CommandKind[];
  /** How many groups share a container. Default as many as there are. */
  readonly groupsPerContainer?: 1;
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

/** The default window of bare-metal POWER: up to where the 32-bit MMIO window begins. */
const POWERNV_WINDOWS: readonly ModelWindow[] = [{ first: 0, last: 0x8_0000 - 1 }];

/** Twice 8 bytes for each page of that window: the hardware's table, and the addresses. */
const POWERNV_CHARGE = 8 * 1024 * 1024;
const HUGE_PAGES: ReadonlyMap<number, number> = new Map([[2 * 1024 * 1024, 64]]);

/**
 * Bare-metal POWER. The probes try what must fault, many times over: the bridge reports and does not
 * freeze, and the kernel keeps no bypass for groups that nobody has claimed (iommu=nobypass).
 */
export const POWER_HISTORY_MACHINES: readonly HistoryMachine[] = (["phb4", "phb3"] as const).map(
  (phb) => ({
    name: `powernv, ${phb}`,
    machine: () => powernv({ phb, faultModel: "report", hostBypass: "off", hugePages: HUGE_PAGES }),
    host: {},
    windows: POWERNV_WINDOWS,
    mappingLimit: UNLIMITED,
    lockedLimit: UNLIMITED,
    pinning: "registrations",
    windowCharge: POWERNV_CHARGE,
    commands: POWER_COMMANDS,
  }),
);

/** An LPAR's default window under QEMU: 1 GiB (semantics/spapr.md, 7). */
const PSERIES_WINDOWS: readonly ModelWindow[] = [{ first: 0, last: 0x4_0000 - 1 }];

/** 8 bytes for each page of that window: the addresses alone, since the table is the hypervisor's. */
const PSERIES_CHARGE = 2 * 1024 * 1024;

/** An LPAR, whose tables belong to one group each: a second group in a container is refused. */
export const LPAR_HISTORY_MACHINES: readonly HistoryMachine[] = [
  {
    name: "pseries",
    machine: () => pseries({ hugePages: HUGE_PAGES }),
    host: {},
    windows: PSERIES_WINDOWS,
    mappingLimit: UNLIMITED,
    lockedLimit: UNLIMITED,
    pinning: "registrations",
    windowCharge: PSERIES_CHARGE,
    commands: POWER_COMMANDS,
    groupsPerContainer: 1,
  },
];
