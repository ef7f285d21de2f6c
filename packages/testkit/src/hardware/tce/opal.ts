// OPAL, the firmware of a bare-metal POWER machine, as far as DMA and error handling go.
//
// The kernel never writes a TVE itself: it asks firmware, which checks and programs the bridge. Answers
// are OPAL's codes. docs: skiboot doc/opal-api, the calls "opal-pci-map-pe-dma-window*" and "eeh".

import type { PhysicalMemory } from "../../memory/physical-memory.ts";
import { withHalf16 } from "./big-endian.ts";
import { DMA_STOPPED, MMIO_STOPPED, type PeStates } from "./pe-states.ts";
import type { Phb, PhbModel } from "./phb.ts";
import * as register from "./phb-registers.ts";

export const OPAL_SUCCESS = 0;
export const OPAL_PARAMETER = -1;
export const OPAL_HARDWARE = -6;

/** Freeze states as the call answers them. */
export const NOT_FROZEN = 0;
export const MMIO_FREEZE = 1;
export const DMA_FREEZE = 2;
export const MMIO_DMA_FREEZE = 3;
export const RESET = 4;

export interface DmaWindowRequest {
  readonly pe: number;
  /** 2 · PE, or that plus 1 for the window at bit 59. */
  readonly window: number;
  readonly levels: number;
  readonly tableFrame: number;
  /** Bytes of one table; 0 takes the window away. */
  readonly tableBytes: number;
  readonly pageShift: number;
}

/** Page sizes that a bridge translates, as shifts: what "ibm,supported-tce-sizes" lists. */
export const TCE_SHIFTS: Readonly<Record<PhbModel, readonly number[]>> = {
  phb3: [12, 16, 24, 28],
  phb4: [12, 16, 21, 30],
};

const RTT_FRAMES = 32;
const MOST_LEVELS = 5;
const BLOCK_SHIFT = 24n;

export class Opal {
  readonly #phb: Phb;
  readonly #memory: PhysicalMemory;
  readonly #rtt: number;
  readonly #resetting = new Set<number>();

  /** Firmware finds the bridge at power-on: no TVE, an empty RTT. */
  constructor(phb: Phb, memory: PhysicalMemory) {
    this.#phb = phb;
    this.#memory = memory;
    this.#rtt = memory.chunks.allocate(RTT_FRAMES);
    phb.registers.write(register.RTT_BAR, 8, register.RTT_ENABLE | (BigInt(this.#rtt) << 12n));
  }

  get model(): PhbModel {
    return this.#phb.name;
  }

  get #states(): PeStates {
    return this.#phb.states;
  }

  /** A requester's accesses belong to this PE from now on. */
  setPe(pe: number, requester: number): number {
    const frame = this.#rtt + (requester >>> 11);
    const word = (requester & 0x7ff) >>> 1;
    const before = this.#memory.load32(frame, word);
    this.#memory.store32(frame, word, withHalf16(before, requester, pe));
    this.#phb.registers.write(register.RTC_INVALIDATE, 8, BigInt(requester));
    return OPAL_SUCCESS;
  }

  mapPeDmaWindow(request: DmaWindowRequest): number {
    const { pe, window, levels, tableFrame, tableBytes, pageShift } = request;
    if (window >>> 1 !== pe) return OPAL_PARAMETER;
    if (tableBytes === 0) return this.#writeTve(window, 0n);
    const tableShift = Math.log2(tableBytes);
    const sound =
      TCE_SHIFTS[this.model].includes(pageShift) &&
      levels >= 1 &&
      levels <= MOST_LEVELS &&
      Number.isInteger(tableShift) &&
      tableShift >= 12;
    if (!sound) return OPAL_PARAMETER;
    const code =
      (BigInt(levels - 1) << 13n) | (BigInt(tableShift - 11) << 8n) | BigInt(pageShift - 11);
    return this.#writeTve(window, (BigInt(tableFrame) << 16n) | code);
  }

  /** A window without translation from real address 0 on; size 0 takes it away. */
  mapPeDmaWindowReal(pe: number, window: number, size: bigint): number {
    if (window >>> 1 !== pe || size % (1n << BLOCK_SHIFT) !== 0n) return OPAL_PARAMETER;
    if (size === 0n) return this.#writeTve(window, 0n);
    const last = (size >> BLOCK_SHIFT) - 1n;
    return this.#writeTve(window, (last << 16n) | (1n << 8n)); // the table size code marks it valid
  }

  /** Forgets cached TCEs: one call takes a count of pages. `frame` is a 4 KiB bus frame. */
  tceKillPages(pe: number, pageShift: number, frame: number, pages: number): number {
    const step = 2 ** (pageShift - 12);
    for (let page = 0; page < pages; page++) {
      const address = BigInt(frame + page * step) << 12n;
      this.#phb.registers.write(register.TCE_KILL, 8, register.KILL_ONE | address | BigInt(pe));
    }
    return OPAL_SUCCESS;
  }

  tceKillPe(pe: number): number {
    this.#phb.registers.write(register.TCE_KILL, 8, register.KILL_PE | BigInt(pe));
    return OPAL_SUCCESS;
  }

  /** One of the freeze states above. */
  freezeStatus(pe: number): number {
    if (this.#resetting.has(pe)) return RESET;
    return this.#states.stopped(pe); // the same two bits
  }

  /** `what` is MMIO_FREEZE, DMA_FREEZE or both. */
  freezeClear(pe: number, what: number): number {
    if ((what & MMIO_FREEZE) !== 0) this.#resume(pe, register.TABLE_PESTA);
    if ((what & DMA_FREEZE) !== 0) this.#resume(pe, register.TABLE_PESTB);
    return OPAL_SUCCESS;
  }

  freezeSet(pe: number, what: number): number {
    if ((what & MMIO_FREEZE) !== 0) this.#states.stop(pe, MMIO_STOPPED);
    if ((what & DMA_FREEZE) !== 0) this.#states.stop(pe, DMA_STOPPED);
    return OPAL_SUCCESS;
  }

  /**
   * Error injection: only what a bridge can do; `type` 0 is 32-bit, 1 is 64-bit addresses. Loads of
   * configuration space (4 and 5) take either, loads of memory and I/O only 32 bits (seen on powernv9).
   */
  injectError(pe: number, type: number, what: number): number {
    if (what > 5 || (type !== 0 && what < 4)) return OPAL_HARDWARE;
    this.#states.stop(pe, MMIO_STOPPED | DMA_STOPPED);
    return OPAL_SUCCESS;
  }

  #resume(pe: number, table: number): void {
    this.#select(table, pe);
    this.#phb.registers.write(register.IODA_DATA0, 8, 0n);
  }

  #writeTve(window: number, value: bigint): number {
    this.#select(register.TABLE_TVT, window);
    this.#phb.registers.write(register.IODA_DATA0, 8, value);
    return OPAL_SUCCESS;
  }

  #select(table: number, entry: number): void {
    const address = (BigInt(table) << register.IODA_TABLE_SHIFT) | BigInt(entry);
    this.#phb.registers.write(register.IODA_ADDR, 8, address);
  }
}
