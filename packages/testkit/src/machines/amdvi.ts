// An x86 machine with AMD-Vi and version 1 page tables.

import { AmdIommu, type AmdOptions } from "../hardware/amdvi/amd-iommu.ts";
import { AmdDriver, type AmdDriverOptions } from "../kernel/iommu/amdvi-driver.ts";
import { type Machine, type MachineOptions, X86_64 } from "./machine.ts";

/** What may differ between AMD machines. */
export interface AmdviMachineOptions extends MachineOptions {
  /** What the unit can do: levels of its page tables, size of its cache. */
  readonly amdvi?: Omit<AmdOptions, "memory">;
  /** When the driver invalidates, reserved regions, interrupt remapping. */
  readonly driver?: Omit<AmdDriverOptions, "memory" | "registers">;
}

/** Describes a machine; `simulatedHost` runs it. */
export function amdvi(options: AmdviMachineOptions = {}): Machine {
  return {
    target: "sim/amdvi",
    abi: X86_64,
    options,
    buildIommu(memory) {
      const hardware = new AmdIommu({ ...options.amdvi, memory });
      const { registers } = hardware;
      return { hardware, driver: new AmdDriver({ ...options.driver, memory, registers }) };
    },
  };
}
