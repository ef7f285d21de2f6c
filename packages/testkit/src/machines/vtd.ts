// An x86 machine with Intel VT-d.

import type { VtdCapabilities } from "../hardware/vtd/registers.ts";
import { VtdIommu } from "../hardware/vtd/vtd-iommu.ts";
import type { IotlbMode } from "../kernel/iommu/domain-pages.ts";
import type { ExtraRegions } from "../kernel/iommu/reserved-regions.ts";
import { VtdDriver } from "../kernel/iommu/vtd-driver.ts";
import { type Machine, type MachineOptions, X86_64 } from "./machine.ts";

/** What may differ between Intel machines. */
export interface VtdMachineOptions extends MachineOptions {
  /** What the remapping unit can do: address width, page sizes, snoop control, remapping… */
  readonly vtd?: Partial<VtdCapabilities>;
  /** When the driver invalidates cached translations. Default eager. */
  readonly iotlbMode?: IotlbMode;
  /** Reserved regions of single requesters, as firmware tables would tell them. */
  readonly extraRegions?: ExtraRegions;
}

/** Describes a machine; `simulatedHost` runs it. */
export function vtd(options: VtdMachineOptions = {}): Machine {
  return {
    target: "sim/vtd",
    abi: X86_64,
    options,
    buildIommu(memory) {
      const hardware = new VtdIommu({ memory, ...options.vtd });
      const driver = new VtdDriver({
        memory,
        registers: hardware.registers,
        ...(options.iotlbMode === undefined ? {} : { iotlbMode: options.iotlbMode }),
        ...(options.extraRegions === undefined ? {} : { extraRegions: options.extraRegions }),
      });
      return { hardware, driver };
    },
  };
}
