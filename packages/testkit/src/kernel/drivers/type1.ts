// The Type1 IOMMU driver of the simulated kernel: which values it takes, which commands it knows.
//
// type1.md 1.5, 1.8 and section 2. The commands are in the files of the type1 folder.

import * as command from "../decode/commands.ts";
import { EINVAL, ENOTTY } from "../errno.ts";
import type { IommuGroup } from "../iommu-group.ts";
import type { IoctlCall } from "../open-file.ts";
import type { ByteOrder } from "../port-types.ts";
import type { ContainerDriver, ContainerDriverType, MappingReport } from "./driver.ts";
import { attachGroup, detachGroup } from "./type1/attach.ts";
import { dirtyPages } from "./type1/dirty.ts";
import { getInfo } from "./type1/info.ts";
import { mapDma } from "./type1/map.ts";
import type { Mapping } from "./type1/mapping-list.ts";
import { FRAME, type Type1Parameters, Type1State } from "./type1/state.ts";
import { unmapDma } from "./type1/unmap.ts";

const TYPE1 = 1;
const TYPE1_V2 = 3;
const DMA_CC = 4;
const NESTING = 6;
const UNMAP_ALL = 9;
const UPDATE_VADDR = 10;

export function type1Driver(order: ByteOrder, parameters: Type1Parameters): ContainerDriverType {
  return {
    name: "vfio_iommu_type1",
    checkExtension: (value) => ([TYPE1, TYPE1_V2, NESTING, UNMAP_ALL].includes(value) ? 1 : 0),
    open(value) {
      if (value !== TYPE1 && value !== TYPE1_V2 && value !== NESTING) return -EINVAL;
      return new Type1Session(new Type1State(value, order, parameters));
    },
  };
}

class Type1Session implements ContainerDriver {
  readonly #state: Type1State;

  constructor(state: Type1State) {
    this.#state = state;
  }

  checkExtension(value: number): number {
    switch (value) {
      case TYPE1:
      case TYPE1_V2:
      case NESTING:
      case UNMAP_ALL:
        return 1;
      case UPDATE_VADDR:
        return this.#state.mediatedGroups.length === 0 ? 1 : 0;
      case DMA_CC:
        return this.#state.domains.every((domain) => domain.coherent) ? 1 : 0;
      default:
        return 0;
    }
  }

  ioctl(call: IoctlCall): number {
    switch (call.command) {
      case command.IOMMU_GET_INFO:
        return getInfo(this.#state, call);
      case command.IOMMU_MAP_DMA:
        return mapDma(this.#state, call);
      case command.IOMMU_UNMAP_DMA:
        return unmapDma(this.#state, call);
      case command.IOMMU_DIRTY_PAGES:
        return dirtyPages(this.#state, call);
      default:
        return -ENOTTY;
    }
  }

  attachGroup(group: IommuGroup): number {
    return attachGroup(this.#state, group);
  }

  detachGroup(group: IommuGroup): void {
    detachGroup(this.#state, group);
  }

  mappings(): readonly MappingReport[] {
    return this.#state.mappings.all.map(describe);
  }
}

function describe(mapping: Mapping): MappingReport {
  const { read, write } = mapping.access;
  const one = write ? "write" : "read";
  return {
    iova: BigInt(mapping.iova) * BigInt(FRAME),
    size: BigInt(mapping.frames) * BigInt(FRAME),
    vaddr: BigInt(mapping.vaddrPage) * BigInt(FRAME),
    access: read && write ? "read-write" : one,
    pid: mapping.process.pid,
    lockedPages: mapping.lockedPages,
    pinnedPages: mapping.runs.reduce((pages, run) => pages + run.frames, 0),
  };
}
