// The hypervisor of an LPAR as its guest's devices and kernel meet it: TCE tables behind hypercalls,
// windows behind RTAS. Modelled after QEMU's pseries machine.
//
// Every group has a PHB of its own with room for two windows, the default one at bus address 0 and a
// dynamic one at bit 59. An access outside of them, or without permission, moves nothing; nothing ever
// freezes. The guest never sees a table: it puts and gets entries one by one.

import { FaultLog, type MutableStatistics } from "../fault-log.ts";
import {
  BLOCKED,
  type BusAccess,
  type DmaFault,
  INTERRUPT_MESSAGE,
  type IommuHardware,
} from "../iommu-hardware.ts";
import * as code from "./papr-codes.ts";
import { PaprTable } from "./papr-table.ts";
import * as reason from "./reasons.ts";

/** What `ibm,query-pe-dma-window` answers. */
export interface DmaWindowQuery {
  readonly status: number;
  readonly windowsFree: number;
  /** TCEs. */
  readonly largestBlock: number;
  readonly pageMask: number;
}

export interface CreatedWindow {
  readonly status: number;
  readonly liobn: number;
  /** 4 KiB bus frame. */
  readonly firstFrame: number;
}

/** Bus address of the dynamic window, as a 4 KiB frame: bit 59. */
const DYNAMIC_FRAME: number = 2 ** 47;
/** Bytes of QEMU's default window: dma_win_size of its spapr-pci-host-bridge. */
export const QEMU_DEFAULT_WINDOW: number = 2 ** 30;
/** log2 of the default window's pages. */
const DEFAULT_PAGE_SHIFT = 12;
const LIOBN_BASE = 0x8000_0000;
const MOST_WINDOWS = 2;
const LARGEST_BLOCK: number = 2 ** 37;
/** Messages of devices: 64 KiB at 4 TiB. */
const MSI_FIRST: number = 2 ** 30;
const MSI_FRAMES = 16;
const READ = 1;
const WRITE = 2;

export class PaprHypervisor implements IommuHardware {
  readonly name = "papr";
  readonly statistics: MutableStatistics = { hits: 0, walks: 0, faults: 0, invalidations: 0 };
  /** Bytes, which firmware tells the guest in `ibm,dma-window`. */
  readonly defaultWindowSize: number;
  readonly #log = new FaultLog();
  /** Windows by PHB; a PHB's index is part of its LIOBNs. */
  readonly #windows = new Map<number, (PaprTable | undefined)[]>();
  readonly #phbOfRequester = new Map<number, number>();

  /** `defaultWindowSize`: a power of two, and at least a page of 4 KiB. */
  constructor(defaultWindowSize: number = QEMU_DEFAULT_WINDOW) {
    this.defaultWindowSize = defaultWindowSize;
  }

  get lastFault(): DmaFault | undefined {
    return this.#log.last;
  }

  takeFaults(): readonly DmaFault[] {
    return this.#log.take();
  }

  /** Power-on: a device below a PHB, which has its default window. */
  plug(requester: number, phb: number): void {
    this.#phbOfRequester.set(requester, phb);
    if (!this.#windows.has(phb)) this.resetWindows(phb);
  }

  translateFrame(requester: number, frame: number, access: BusAccess): number {
    if (frame >= MSI_FIRST && frame < MSI_FIRST + MSI_FRAMES) return INTERRUPT_MESSAGE;
    const table = this.#tableAt(this.#phbOfRequester.get(requester) ?? -1, frame);
    if (table === undefined) return this.#fault(requester, frame, access, reason.ADDRESS_INVALID);
    this.statistics.walks++;
    const inside = frame - table.firstFrame;
    const pageFrames = 2 ** (table.pageShift - 12);
    const tce = table.get(Math.floor(inside / pageFrames));
    const permissions = tce % 4;
    if (permissions === 0) return this.#fault(requester, frame, access, reason.TCE_PAGE_FAULT);
    if ((permissions & (access === "read" ? READ : WRITE)) === 0)
      return this.#fault(requester, frame, access, reason.TCE_ACCESS_FAULT);
    const real = Math.floor(tce / 4096);
    return real - (real % pageFrames) + (inside % pageFrames);
  }

  /** H_PUT_TCE: `ioba` in bytes, absolute; the offset in the page is ignored. */
  putTce(liobn: number, ioba: number, tce: number): number {
    const place = this.#entryOf(liobn, ioba);
    if (place === undefined) return code.H_PARAMETER;
    place.table.put(place.entry, tce);
    return code.H_SUCCESS;
  }

  /** H_GET_TCE: the TCE, or one of the negative codes. */
  getTce(liobn: number, ioba: number): number {
    const place = this.#entryOf(liobn, ioba);
    return place === undefined ? code.H_PARAMETER : place.table.get(place.entry);
  }

  /** ibm,query-pe-dma-window. */
  queryWindows(phb: number): DmaWindowQuery {
    const pageMask = code.PAGE_MASK_BITS.reduce((mask, [, bit]) => mask | bit, 0);
    const windowsFree = MOST_WINDOWS - this.#active(phb).length;
    return { status: code.RTAS_OK, windowsFree, largestBlock: LARGEST_BLOCK, pageMask };
  }

  /** ibm,create-pe-dma-window: at bus address 0 if there is no window at all, else at bit 59. */
  createWindow(phb: number, pageShift: number, windowShift: number): CreatedWindow {
    const failed = (status: number): CreatedWindow => ({ status, liobn: 0, firstFrame: 0 });
    const known = code.PAGE_MASK_BITS.some(([shift]) => shift === pageShift);
    if (!known || windowShift < pageShift) return failed(code.RTAS_PARAMETER);
    const windows = this.#of(phb);
    const free = windows.indexOf(undefined);
    // The number of entries is a 32-bit word, so 2^32 of them become none.
    const entries = windowShift - pageShift >= 32 ? 0 : 2 ** (windowShift - pageShift);
    if (free < 0 || entries === 0) return failed(code.RTAS_HARDWARE);
    const firstFrame = this.#active(phb).length === 0 ? 0 : DYNAMIC_FRAME;
    const liobn = LIOBN_BASE + phb * 0x100 + free;
    windows[free] = new PaprTable(liobn, firstFrame, pageShift, entries);
    return { status: code.RTAS_OK, liobn, firstFrame };
  }

  /** ibm,remove-pe-dma-window: without any window left, the default one comes back. */
  removeWindow(liobn: number): number {
    const { windows, index } = this.#place(liobn);
    if (windows?.[index] === undefined) return code.RTAS_PARAMETER;
    const wasDefault = windows[index]?.firstFrame === 0;
    windows[index] = undefined;
    const phb = Math.floor((liobn - LIOBN_BASE) / 0x100);
    if (this.#active(phb).length === 0 && !wasDefault) this.resetWindows(phb);
    return code.RTAS_OK;
  }

  /** ibm,reset-pe-dma-window: the default window and nothing else; also at power-on. */
  resetWindows(phb: number): number {
    const liobn = LIOBN_BASE + phb * 0x100;
    const entries = this.defaultWindowSize / 2 ** DEFAULT_PAGE_SHIFT;
    const table = new PaprTable(liobn, 0, DEFAULT_PAGE_SHIFT, entries);
    this.#windows.set(phb, [table, undefined]);
    return code.RTAS_OK;
  }

  /** `ibm,dma-window` of the PHB's node. */
  defaultLiobn(phb: number): number {
    return LIOBN_BASE + phb * 0x100;
  }

  #tableAt(phb: number, frame: number): PaprTable | undefined {
    for (const table of this.#windows.get(phb) ?? [])
      if (
        table !== undefined &&
        frame >= table.firstFrame &&
        frame < table.firstFrame + table.frames
      )
        return table;
    return undefined;
  }

  #entryOf(liobn: number, ioba: number): { table: PaprTable; entry: number } | undefined {
    const { windows, index } = this.#place(liobn);
    const table = windows?.[index];
    if (table === undefined) return undefined;
    const entry = Math.floor((ioba - table.firstFrame * 4096) / 2 ** table.pageShift);
    return entry >= 0 && entry < table.entries ? { table, entry } : undefined;
  }

  #place(liobn: number): { windows: (PaprTable | undefined)[] | undefined; index: number } {
    const offset = liobn - LIOBN_BASE;
    return { windows: this.#windows.get(Math.floor(offset / 0x100)), index: offset % 0x100 };
  }

  #of(phb: number): (PaprTable | undefined)[] {
    const windows = this.#windows.get(phb);
    if (windows === undefined) throw new Error(`there is no PHB ${phb}`);
    return windows;
  }

  #active(phb: number): readonly PaprTable[] {
    return this.#of(phb).filter((window) => window !== undefined);
  }

  #fault(requester: number, frame: number, access: BusAccess, why: number): number {
    this.statistics.faults++;
    const address = BigInt(frame) << 12n;
    this.#log.add({ requester, address, access, reason: reason.reasonText(why), code: why });
    return BLOCKED;
  }
}
