// One partitionable endpoint as the kernel keeps it: what windows it can have, and its error handling.
//
// `struct iommu_table_group` and its operations: bare metal asks firmware, a guest asks its hypervisor.

import type { EehPe } from "./eeh.ts";
import type { TceTable } from "./tce-table.ts";

/** A container has room for this many tables, whatever a platform says. */
export const WINDOW_SLOTS = 2;

export interface TableGroup {
  /** Groups of one platform may share a container. */
  readonly platform: "powernv" | "pseries";
  readonly tce32Start: number;
  /** Bytes of the default window. */
  readonly tce32Size: number;
  /** Bitmap of page sizes. */
  readonly pageSizes: bigint;
  readonly maxWindows: number;
  readonly maxLevels: number;
  /** Null when the platform has no EEH for it. */
  readonly eeh: EehPe | null;
  /** Bytes that a table will cost, hardware and shadow; 0 for a size or a depth that cannot be. */
  tableBytes(pageShift: number, windowSize: bigint, levels: number): number;
  createTable(
    slot: number,
    pageShift: number,
    windowSize: bigint,
    levels: number,
  ): TceTable | number;
  /** Makes the group's devices translate through a table: 0 or -errno. */
  setWindow(slot: number, table: TceTable): number;
  /** `table` is what was set there, if anything was. */
  unsetWindow(slot: number, table?: TceTable): void;
}
