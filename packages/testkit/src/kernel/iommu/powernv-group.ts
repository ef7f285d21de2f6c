// A PE of a bare-metal machine: its windows are TVEs that firmware programs.
//
// arch/powerpc/platforms/powernv/pci-ioda.c of Linux 6.12. While no user owns the PE the kernel's own
// window and bypass are there; a claim takes both away (spapr_tce_iommu_ops, 6.x).

import { type Opal, TCE_SHIFTS } from "../../hardware/tce/opal.ts";
import type { TableChunks } from "../../memory/table-chunks.ts";
import { E2BIG, EINVAL, ENOENT, ENOMEM, ENXIO, EPERM } from "../errno.ts";
import type { EehPe } from "./eeh.ts";
import { powernvTableBytes, powernvTableShape } from "./powernv-geometry.ts";
import { PowernvTable } from "./powernv-table.ts";
import type { TableGroup } from "./table-group.ts";
import type { TceTable } from "./tce-table.ts";

export interface PowernvGroupOptions {
  readonly opal: Opal;
  readonly chunks: TableChunks;
  readonly pe: number;
  /** log2 of the kernel's page. */
  readonly hostShift: number;
  readonly eeh: EehPe;
  /** `off` is the kernel's parameter iommu=nobypass. */
  readonly hostBypass: "on" | "off";
  readonly spareTables: number | undefined;
}

/** Bus address of the second window; the first begins at 0. */
const SECOND_BASE_FRAME: number = 2 ** 47;
/** Where the 32-bit MMIO window begins, and so the 32-bit DMA window ends. */
const TCE32_SIZE = 0x8000_0000;
/** Bus addresses that the kernel's own window translates, and real ones that its bypass reaches. */
const OWN_WINDOW: bigint = 1n << 32n;
const BYPASS: bigint = 1n << 46n;
/** More entries than this are forgotten with all of the PE's at once. */
const MOST_SINGLE_KILLS = 512;

export class PowernvGroup implements TableGroup {
  readonly platform = "powernv";
  readonly tce32Start = 0;
  readonly tce32Size: number = TCE32_SIZE;
  readonly pageSizes: bigint;
  readonly maxWindows = 2;
  readonly maxLevels = 5;
  readonly eeh: EehPe;
  readonly #options: PowernvGroupOptions;
  #own: PowernvTable | undefined;
  #owner: "kernel" | "user" = "user";

  constructor(options: PowernvGroupOptions) {
    this.#options = options;
    this.eeh = options.eeh;
    this.pageSizes = TCE_SHIFTS[options.opal.model].reduce(
      (sizes, shift) => sizes | (1n << BigInt(shift)),
      0n,
    );
    this.giveToKernel();
  }

  get pe(): number {
    return this.#options.pe;
  }

  /** The kernel's own default window and bypass; once more does nothing. */
  giveToKernel(): void {
    if (this.#owner === "kernel") return;
    this.#owner = "kernel";
    const { hostShift, hostBypass, opal, pe } = this.#options;
    const own = this.#newTable({ slot: 0, pageShift: hostShift, size: OWN_WINDOW, levels: 2 });
    if (typeof own === "number") throw new Error(`the kernel's own window: ${own}`);
    this.#own = own;
    this.setWindow(0, own);
    if (hostBypass === "on") opal.mapPeDmaWindowReal(pe, 2 * pe + 1, BYPASS);
  }

  /** A user claims the PE: the kernel's windows go. */
  takeFromKernel(): void {
    if (this.#owner === "user") return;
    this.#owner = "user";
    const { opal, pe } = this.#options;
    opal.mapPeDmaWindowReal(pe, 2 * pe + 1, 0n);
    this.unsetWindow(0);
    this.#own?.free();
    this.#own = undefined;
  }

  tableBytes(pageShift: number, windowSize: bigint, levels: number): number {
    return powernvTableBytes(pageShift, windowSize, levels, this.#options.hostShift);
  }

  createTable(
    slot: number,
    pageShift: number,
    windowSize: bigint,
    levels: number,
  ): TceTable | number {
    return this.#newTable({ slot, pageShift, size: windowSize, levels });
  }

  setWindow(slot: number, table: TceTable): number {
    if (!(table instanceof PowernvTable)) return -EINVAL;
    const { opal, pe } = this.#options;
    const answer = opal.mapPeDmaWindow({
      pe,
      window: 2 * pe + slot,
      levels: table.levels,
      tableFrame: table.rootFrame,
      tableBytes: table.tableBytes,
      pageShift: table.pageShift,
    });
    opal.tceKillPe(pe);
    table.bridges.add(this);
    return errnoOfOpal(answer);
  }

  unsetWindow(slot: number, table?: TceTable): void {
    if (table instanceof PowernvTable) table.bridges.delete(this);
    const { opal, pe } = this.#options;
    const gone = { levels: 0, tableFrame: 0, tableBytes: 0, pageShift: 0 };
    opal.mapPeDmaWindow({ pe, window: 2 * pe + slot, ...gone });
    opal.tceKillPe(pe);
  }

  /** Makes the bridge forget entries of a window of this PE. */
  kill(table: TceTable, entry: number, pages: number): void {
    const { opal, pe } = this.#options;
    if (pages > MOST_SINGLE_KILLS) opal.tceKillPe(pe);
    else opal.tceKillPages(pe, table.pageShift, entry * 2 ** (table.pageShift - 12), pages);
  }

  #newTable(wanted: {
    readonly slot: number;
    readonly pageShift: number;
    readonly size: bigint;
    readonly levels: number;
  }): PowernvTable | number {
    const { slot, pageShift, size, levels } = wanted;
    const { hostShift, chunks, spareTables } = this.#options;
    const shape = powernvTableShape(pageShift, size, levels, hostShift);
    if (shape === "invalid") return -EINVAL;
    if (shape === "too large") return -ENOMEM;
    return new PowernvTable({
      ...shape,
      chunks,
      offset: slot === 0 ? 0 : SECOND_BASE_FRAME / 2 ** (pageShift - 12),
      chargedBytes: this.tableBytes(pageShift, size, levels),
      ...(spareTables === undefined ? {} : { spareTables }),
    });
  }
}

/** Firmware's codes leak through as error numbers. */
function errnoOfOpal(code: number): number {
  const errno: Readonly<Record<number, number>> = { 1: EPERM, 2: ENOENT, 6: ENXIO, 7: E2BIG };
  return code === 0 ? 0 : -(errno[-code] ?? -code);
}
