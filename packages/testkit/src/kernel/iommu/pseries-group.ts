// A PE of an LPAR: windows that RTAS gives out, with the guest's own view of which exist.
//
// arch/powerpc/platforms/pseries/iommu.c of Linux 6.12, seen on QEMU's pseries. The default window is a
// property of the device tree; removing it takes nothing from firmware, which goes on counting it. A
// failed request poisons the PE until the next boot.

import { RTAS_OK } from "../../hardware/tce/papr-codes.ts";
import type { PaprHypervisor } from "../../hardware/tce/papr-hypervisor.ts";
import { EINVAL, ENODEV, EPERM } from "../errno.ts";
import { PseriesTable } from "./pseries-table.ts";
import type { TableGroup } from "./table-group.ts";
import type { TceTable } from "./tce-table.ts";

const SHIFT_4K = 12;
/** What the kernel answers for several levels, and counts before it refuses them. */
const NO_SUCH_TABLE = 0xffff_ffff;

export class PseriesGroup implements TableGroup {
  readonly platform = "pseries";
  readonly tce32Start = 0;
  /** As the device tree has it before the group is claimed. */
  readonly tce32Size: number;
  readonly pageSizes: bigint = 0x0121_1000n;
  readonly maxWindows = 2;
  readonly maxLevels = 1;
  readonly eeh = null;
  readonly #hypervisor: PaprHypervisor;
  readonly #phb: number;
  /** Tables of this PE: no other group may use them. */
  readonly #own = new Set<TceTable>();
  #dynamicWindow: boolean = false;
  #poisoned: boolean = false;
  #owner: "kernel" | "user" = "kernel";

  constructor(hypervisor: PaprHypervisor, phb: number) {
    this.#hypervisor = hypervisor;
    this.#phb = phb;
    this.tce32Size = hypervisor.defaultWindowSize;
  }

  /** The default window comes back for the guest's own drivers. */
  giveToKernel(): void {
    if (this.#owner === "kernel") return;
    this.#owner = "kernel";
    this.#hypervisor.resetWindows(this.#phb);
  }

  /** Its property goes; firmware is told nothing. */
  takeFromKernel(): void {
    this.#owner = "user";
  }

  tableBytes(pageShift: number, windowSize: bigint, levels: number): number {
    if (levels > 1) return NO_SUCH_TABLE;
    return Number(windowSize >> BigInt(pageShift - 3));
  }

  createTable(
    slot: number,
    pageShift: number,
    windowSize: bigint,
    levels: number,
  ): TceTable | number {
    if (levels > 1 || (windowSize & (windowSize - 1n)) !== 0n) return -EINVAL;
    if (this.#poisoned) return -ENODEV;
    if (slot === 0 && this.#dynamicWindow) return -EPERM;
    const isDefault = slot === 0 && pageShift === SHIFT_4K && windowSize <= BigInt(this.tce32Size);
    return isDefault ? this.#defaultTable(windowSize) : this.#dynamicTable(pageShift, windowSize);
  }

  setWindow(_slot: number, table: TceTable): number {
    return this.#own.has(table) ? 0 : -EPERM;
  }

  unsetWindow(): void {
    // The window goes with its table.
  }

  #defaultTable(windowSize: bigint): TceTable {
    this.#hypervisor.resetWindows(this.#phb);
    const liobn = this.#hypervisor.defaultLiobn(this.#phb);
    // The property goes with the table; firmware keeps its window.
    return this.#adopt({ liobn, pageShift: SHIFT_4K, firstFrame: 0, windowSize }, () => undefined);
  }

  #dynamicTable(pageShift: number, windowSize: bigint): TceTable | number {
    const query = this.#hypervisor.queryWindows(this.#phb);
    const windowShift = windowSize.toString(2).length - 1;
    if (query.largestBlock < 2 ** (windowShift - pageShift)) return -EINVAL;
    const made = this.#hypervisor.createWindow(this.#phb, pageShift, windowShift);
    if (made.status !== RTAS_OK) {
      this.#poisoned = true;
      return -ENODEV;
    }
    this.#dynamicWindow = true;
    return this.#adopt({ ...made, pageShift, windowSize }, () => {
      this.#hypervisor.removeWindow(made.liobn);
      this.#dynamicWindow = false;
    });
  }

  #adopt(
    window: {
      readonly liobn: number;
      readonly pageShift: number;
      readonly firstFrame: number;
      readonly windowSize: bigint;
    },
    remove: () => void,
  ): TceTable {
    const { liobn, pageShift, firstFrame, windowSize } = window;
    const table: PseriesTable = new PseriesTable({
      hypervisor: this.#hypervisor,
      liobn,
      pageShift,
      offset: firstFrame / 2 ** (pageShift - SHIFT_4K),
      size: Number(windowSize >> BigInt(pageShift)),
      chargedBytes: this.tableBytes(pageShift, windowSize, 1),
      release: () => {
        this.#own.delete(table);
        remove();
      },
    });
    this.#own.add(table);
    return table;
  }
}
