// The sPAPR TCE driver of the simulated kernel: which values it takes, which commands it knows.
//
// drivers/vfio/vfio_iommu_spapr_tce.c of Linux 6.12. The commands are in the files of the spapr folder.

import * as command from "../decode/spapr.ts";
import { EINVAL, ENOTTY, EPERM } from "../errno.ts";
import type { IommuGroup } from "../iommu-group.ts";
import type { IoctlCall } from "../open-file.ts";
import type { Process } from "../process.ts";
import type { ContainerDriver, ContainerDriverType, MappingReport } from "./driver.ts";
import { attachGroup, detachGroup } from "./spapr/attach.ts";
import { eehOp } from "./spapr/eeh.ts";
import { disable, enable } from "./spapr/enable.ts";
import { getInfo } from "./spapr/info.ts";
import { mapDma } from "./spapr/map.ts";
import { Regions } from "./spapr/regions.ts";
import { registerMemory, unregisterMemory } from "./spapr/register.ts";
import { reportMappings } from "./spapr/report.ts";
import { type SpaprFacts, SpaprState } from "./spapr/state.ts";
import { unmapDma } from "./spapr/unmap.ts";
import { V1Pins } from "./spapr/v1-pins.ts";
import { createWindow, removeWindow } from "./spapr/windows.ts";

const SPAPR_TCE = 2;
const EEH = 5;
const SPAPR_TCE_V2 = 7;

export interface SpaprDriverOptions extends Omit<SpaprFacts, "regionsOf"> {
  /** Whether the platform has EEH: CHECK_EXTENSION 5. */
  readonly eeh: "enabled" | "absent";
}

export function spaprDriver(options: SpaprDriverOptions): ContainerDriverType {
  const facts: SpaprFacts = { ...options, regionsOf: regionsByProcess(options.hostShift) };
  const checkExtension = (value: number): number => {
    if (value === EEH) return options.eeh === "enabled" ? 1 : 0;
    return value === SPAPR_TCE || value === SPAPR_TCE_V2 ? 1 : 0;
  };
  return {
    name: "iommu-vfio-powerpc",
    checkExtension,
    open(value) {
      if (value !== SPAPR_TCE && value !== SPAPR_TCE_V2) return -EINVAL;
      const version = value === SPAPR_TCE ? 1 : 2;
      const state = new SpaprState(version, facts, new V1Pins(options.hostShift));
      return new SpaprSession(state, checkExtension);
    },
  };
}

class SpaprSession implements ContainerDriver {
  readonly checkExtension: (value: number) => number;
  readonly #state: SpaprState;

  constructor(state: SpaprState, checkExtension: (value: number) => number) {
    this.#state = state;
    this.checkExtension = checkExtension;
  }

  ioctl(call: IoctlCall): number {
    const state = this.#state;
    if (state.owner !== undefined && state.owner !== call.process) return -EPERM;
    switch (call.command) {
      case command.SPAPR_TCE_GET_INFO:
        return getInfo(state, call);
      case command.SPAPR_MAP_DMA:
        return mapDma(state, call);
      case command.SPAPR_UNMAP_DMA:
        return unmapDma(state, call);
      case command.EEH_PE_OP:
        return eehOp(state, call);
      default:
        return state.version === 1 ? onlyInV1(state, call) : onlyInV2(state, call);
    }
  }

  attachGroup(group: IommuGroup): number {
    return attachGroup(this.#state, group);
  }

  detachGroup(group: IommuGroup): void {
    detachGroup(this.#state, group);
  }

  /** A region that several containers list is shared out between them. */
  registeredPages(): number {
    return this.#state.listed.reduce((sum, { pages, used }) => sum + pages / used, 0);
  }

  mappings(): readonly MappingReport[] {
    return reportMappings(this.#state);
  }
}

function onlyInV1(state: SpaprState, call: IoctlCall): number {
  switch (call.command) {
    case command.SPAPR_ENABLE:
      return enable(state, call.process);
    case command.SPAPR_DISABLE:
      disable(state);
      return 0;
    default:
      return -ENOTTY;
  }
}

function onlyInV2(state: SpaprState, call: IoctlCall): number {
  switch (call.command) {
    case command.SPAPR_REGISTER_MEMORY:
      return registerMemory(state, call);
    case command.SPAPR_UNREGISTER_MEMORY:
      return unregisterMemory(state, call);
    case command.SPAPR_TCE_CREATE:
      return createWindow(state, call);
    case command.SPAPR_TCE_REMOVE:
      return removeWindow(state, call);
    default:
      return -ENOTTY;
  }
}

/** Registered memory outlives its containers: it goes with the process. */
function regionsByProcess(hostShift: number): (process: Process) => Regions {
  const known = new WeakMap<Process, Regions>();
  return (process) => {
    const regions = known.get(process) ?? new Regions(process, hostShift);
    known.set(process, regions);
    return regions;
  };
}
