// What one container's sPAPR TCE session knows (`struct tce_container`).

import type { TableGroup } from "../../iommu/table-group.ts";
import { WINDOW_SLOTS } from "../../iommu/table-group.ts";
import type { TceTable } from "../../iommu/tce-table.ts";
import type { IommuGroup } from "../../iommu-group.ts";
import type { ByteOrder } from "../../port-types.ts";
import type { Process } from "../../process.ts";
import type { Region, Regions } from "./regions.ts";
import type { V1Pins } from "./v1-pins.ts";

/** What a session needs of its kernel. */
export interface SpaprFacts {
  readonly order: ByteOrder;
  /** log2 of the kernel's page. */
  readonly hostShift: number;
  /** The PE behind a group; undefined for a group that has none. */
  readonly tableGroup: (group: IommuGroup) => TableGroup | undefined;
  /** The registered memory of a process: it belongs to the address space, not to a container. */
  readonly regionsOf: (process: Process) => Regions;
}

export interface AttachedGroup {
  readonly group: IommuGroup;
  readonly table: TableGroup;
}

export class SpaprState {
  readonly version: 1 | 2;
  readonly facts: SpaprFacts;
  readonly pins: V1Pins;
  /** Most recently attached first: that one decides what windows are made. */
  readonly groups: AttachedGroup[] = [];
  readonly tables: (TceTable | undefined)[] = Array.from({ length: WINDOW_SLOTS });
  /** Regions that this container listed, newest first. */
  readonly listed: Region[] = [];
  /** Who made the first accounted call; every later call must be the same process. */
  owner: Process | undefined;
  enabled: boolean = false;
  /** Version 1: what ENABLE counted, in bytes. */
  enabledBytes = 0;
  /** The default window is made with the first call that needs one. */
  defaultPending: boolean = false;

  constructor(version: 1 | 2, facts: SpaprFacts, pins: V1Pins) {
    this.version = version;
    this.facts = facts;
    this.pins = pins;
  }

  get first(): TableGroup | undefined {
    return this.groups[0]?.table;
  }

  get regions(): Regions | undefined {
    return this.owner === undefined ? undefined : this.facts.regionsOf(this.owner);
  }

  /** The window that holds a bus address, by its 4 KiB frame. */
  slotOf(frame: number): number {
    return this.tables.findIndex((table) => {
      if (table === undefined) return false;
      const entry = Math.floor(frame / 2 ** (table.pageShift - 12));
      return table.offset <= entry && entry < table.offset + table.size;
    });
  }
}
