// A PCI host bridge of POWER8 (PHB3) or POWER9 (PHB4) as an IOMMU: from requester to PE, from PE and
// address to a TVE, from there to a TCE.
//
// It is programmed as on a real machine: through registers, through tables on the chip that registers
// reach, and through tables in memory. It knows nothing of VFIO. Numbers in comments are the steps
// that one access takes (IODA2, "DMA translation").

import type { PhysicalMemory } from "../../memory/physical-memory.ts";
import { FaultLog, type MutableStatistics } from "../fault-log.ts";
import {
  BLOCKED,
  type BusAccess,
  type DmaFault,
  INTERRUPT_MESSAGE,
  type IommuHardware,
} from "../iommu-hardware.ts";
import { CAN_READ, CAN_WRITE, DENIED, Iotlb } from "../iotlb.ts";
import { powerOfTwo } from "../radix.ts";
import { type RegisterAccess, RegisterFile } from "../register-file.ts";
import { half16 } from "./big-endian.ts";
import { DMA_STOPPED, MMIO_STOPPED, PeStates } from "./pe-states.ts";
import * as register from "./phb-registers.ts";
import * as reason from "./reasons.ts";
import { NOT_PRESENT, TceWalk } from "./tce-walk.ts";
import { type BypassWindow, decodeTve, type TranslatedWindow, type Tve } from "./tve.ts";

/** Which bridge: the number of its PEs, and the page sizes that its firmware accepts. */
export type PhbModel = "phb3" | "phb4";

/**
 * What a refused access does. `freeze`: the PE stops until it is recovered, as silicon does. `qemu`:
 * nothing stops, and an address beyond a table wraps round (QEMU's pnv_phb models). `report`: nothing
 * stops and nothing wraps, for tests that try many addresses in a row; no real machine does so.
 */
export type FaultModel = "freeze" | "qemu" | "report";

export interface PhbOptions {
  readonly memory: PhysicalMemory;
  readonly model: PhbModel;
  readonly faultModel: FaultModel;
  /** Entries of the TCE cache, a power of two. Default 4096. */
  readonly cacheEntries?: number;
}

export const PE_COUNT: Readonly<Record<PhbModel, number>> = { phb3: 256, phb4: 512 };

/** Bit 59 of the bus address, as a 4 KiB frame. */
const WINDOW_BIT: number = 2 ** 47;
/** Bits 63:60, as frames. */
const TOP_UNIT: number = 2 ** 48;
/** 0xffff0000 to 0xffffffff: the port for 32-bit messages. */
const MSI32_FIRST = 0xffff0;
const MSI32_LAST = 0xfffff;
const NO_PE = -1;
const NOT_CACHED = -2;
const MOST_TRANSLATED_BITS = 55;

export class Phb implements IommuHardware {
  readonly name: PhbModel;
  readonly statistics: MutableStatistics = { hits: 0, walks: 0, faults: 0, invalidations: 0 };
  readonly states: PeStates;
  readonly #memory: PhysicalMemory;
  readonly #faultModel: FaultModel;
  readonly #registers: RegisterFile<register.PhbRegisterName>;
  /** TVEs 2 · PE and 2 · PE + 1, as written and decoded. */
  readonly #tvt: BigUint64Array;
  readonly #windows: Tve[];
  readonly #peOfRequester: Int32Array = new Int32Array(0x1_0000).fill(NOT_CACHED);
  readonly #cache: Iotlb;
  readonly #walk: TceWalk;
  readonly #log = new FaultLog();
  #last: DmaFault | undefined;

  constructor(options: PhbOptions) {
    const pes = PE_COUNT[options.model];
    this.name = options.model;
    this.#memory = options.memory;
    this.#faultModel = options.faultModel;
    this.states = new PeStates(pes, options.faultModel === "qemu" ? "never stops" : "stops");
    this.#tvt = new BigUint64Array(2 * pes);
    this.#windows = Array.from({ length: 2 * pes }, () => decodeTve(0, 0));
    this.#cache = new Iotlb(options.cacheEntries);
    this.#walk = new TceWalk(options.memory);
    this.#registers = new RegisterFile(register.PHB_REGISTERS, (name, written) =>
      this.#written(name, written),
    );
  }

  /** The register page, as firmware and the kernel map it. */
  get registers(): RegisterAccess {
    return this.#registers;
  }

  get lastFault(): DmaFault | undefined {
    return this.#last;
  }

  takeFaults(): readonly DmaFault[] {
    return this.#log.take();
  }

  /** Whether loads from this requester's BARs answer ones and stores vanish. */
  mmioStopped(requester: number): boolean {
    const pe = this.#peOf(requester);
    return pe >= 0 && (this.states.stopped(pe) & MMIO_STOPPED) !== 0;
  }

  translateFrame(requester: number, frame: number, access: BusAccess): number {
    const pe = this.#peOf(requester);
    if (pe === NO_PE) return this.#fault(requester, frame, access, reason.TVE_ABSENT);
    // 1. A stopped PE sends nothing, and nothing new is recorded.
    if ((this.states.stopped(pe) & DMA_STOPPED) !== 0)
      return this.#dropped(requester, frame, access);
    // 2. Bits 63:60 are 0000 for DMA, 0001 for a 64-bit message; bit 59 is the window.
    if (frame >= WINDOW_BIT) return this.#above(requester, pe, frame, access);
    if (frame >= MSI32_FIRST && frame <= MSI32_LAST) return INTERRUPT_MESSAGE;
    return this.#inWindow(requester, pe, frame, access);
  }

  #above(requester: number, pe: number, frame: number, access: BusAccess): number {
    const top = Math.floor(frame / TOP_UNIT);
    if (top === 1) return INTERRUPT_MESSAGE;
    if (top !== 0) return this.#fault(requester, frame, access, reason.ADDRESS_INVALID);
    return this.#inWindow(requester, pe, frame, access);
  }

  #inWindow(requester: number, pe: number, frame: number, access: BusAccess): number {
    const second = frame >= WINDOW_BIT ? 1 : 0;
    const window = this.#windows[2 * pe + second];
    if (window === undefined || window.kind === "absent")
      return this.#fault(requester, frame, access, reason.TVE_ABSENT);
    const inside = second === 1 ? frame - WINDOW_BIT : frame;
    if (window.kind === "bypass")
      return this.#bypassed(window, inside, { requester, frame, access });
    return this.#translated(window, { requester, pe, frame: inside, second, access });
  }

  /** 3. and 4.: the cache, or the tables. */
  #translated(window: TranslatedWindow, at: Access): number {
    const bits = window.indexBits * window.levels + window.pageShift;
    const frames = powerOfTwo(Math.min(bits, MOST_TRANSLATED_BITS) - 12);
    let inside = at.frame;
    if (inside >= frames) {
      if (this.#faultModel !== "qemu")
        return this.#fault(at.requester, frameOf(at), at.access, reason.ADDRESS_INVALID);
      inside %= frames;
    }
    const needed = at.access === "read" ? CAN_READ : CAN_WRITE;
    const tag = at.second === 1 ? inside + WINDOW_BIT : inside;
    const found = this.#cache.find(at.pe, tag, needed);
    if (found >= 0) {
      this.statistics.hits++;
      return found;
    }
    if (found === DENIED)
      return this.#fault(at.requester, frameOf(at), at.access, reason.TCE_ACCESS_FAULT);
    this.statistics.walks++;
    const walk = this.#walk;
    const real = walk.walk(window, inside, needed);
    if (real < 0) {
      const code = real === NOT_PRESENT ? reason.TCE_PAGE_FAULT : reason.TCE_ACCESS_FAULT;
      return this.#fault(at.requester, frameOf(at), at.access, code);
    }
    this.#cache.fill(at.pe, tag, window.pageShift - 12, walk.pageFrame, walk.permissions);
    return real;
  }

  #bypassed(
    window: BypassWindow,
    frame: number,
    at: { readonly requester: number; readonly frame: number; readonly access: BusAccess },
  ): number {
    if (frame >= window.firstFrame && frame <= window.lastFrame) return frame;
    return this.#fault(at.requester, at.frame, at.access, reason.ADDRESS_INVALID);
  }

  /** The RTT in memory, which is read once for each requester until RTC_INVALIDATE. */
  #peOf(requester: number): number {
    const cached = this.#peOfRequester[requester] ?? NO_PE;
    return cached === NOT_CACHED ? this.#readPe(requester) : cached;
  }

  #readPe(requester: number): number {
    const bar = this.#registers.get("RTT_BAR");
    if ((bar & register.RTT_ENABLE) === 0n) return NO_PE;
    const table = Number((bar & ~register.RTT_ENABLE) >> 12n);
    const frame = table + (requester >>> 11);
    const word = this.#memory.load32(frame, (requester & 0x7ff) >>> 1);
    const pe = half16(word, requester);
    this.#peOfRequester[requester] = pe;
    return pe;
  }

  #fault(requester: number, frame: number, access: BusAccess, code: number): number {
    this.statistics.faults++;
    const fault = {
      requester,
      address: BigInt(frame) << 12n,
      access,
      reason: reason.reasonText(code),
      code,
    };
    this.#log.add(fault);
    this.#last = fault;
    const pe = this.#peOf(requester);
    if (this.#faultModel === "freeze" && pe >= 0)
      this.states.stop(pe, MMIO_STOPPED | DMA_STOPPED, { requester, frame, access, code });
    return BLOCKED;
  }

  #dropped(requester: number, frame: number, access: BusAccess): number {
    const code = reason.PE_STOPPED;
    const address = BigInt(frame) << 12n;
    this.#last = { requester, address, access, reason: reason.reasonText(code), code };
    return BLOCKED;
  }

  #written(name: register.PhbRegisterName, written: bigint): void {
    if (name === "RTC_INVALIDATE" || name === "RTT_BAR") this.#peOfRequester.fill(NOT_CACHED);
    else if (name === "TCE_KILL") this.#kill(written);
    else if (name === "IODA_ADDR") this.#showEntry();
    else if (name === "IODA_DATA0") this.#storeEntry(written);
  }

  #kill(written: bigint): void {
    this.statistics.invalidations++;
    const pe = Number(written & register.KILL_PE_MASK);
    if ((written & register.KILL_ALL) !== 0n) this.#cache.invalidateAll();
    else if ((written & register.KILL_PE) !== 0n) this.#cache.invalidateDomain(pe);
    else if ((written & register.KILL_ONE) !== 0n)
      this.#cache.invalidateRange(pe, Number((written & ~register.KILL_ONE) >> 12n), 1);
  }

  #selected(): { readonly table: number; readonly entry: number } {
    const address = this.#registers.get("IODA_ADDR");
    return {
      table: Number((address >> register.IODA_TABLE_SHIFT) & 0x1fn),
      entry: Number(address & register.IODA_ENTRY_MASK),
    };
  }

  #showEntry(): void {
    const { table, entry } = this.#selected();
    if (table === register.TABLE_TVT) this.#registers.set("IODA_DATA0", this.#tvt[entry] ?? 0n);
    else if (table === register.TABLE_PESTA)
      this.#registers.set("IODA_DATA0", this.states.pesta(entry));
    else if (table === register.TABLE_PESTB)
      this.#registers.set("IODA_DATA0", this.states.pestb(entry));
  }

  #storeEntry(value: bigint): void {
    const { table, entry } = this.#selected();
    if (table === register.TABLE_TVT) {
      this.#tvt[entry] = value;
      this.#windows[entry] = decodeTve(Number(value >> 32n), Number(value & 0xffff_ffffn));
    } else if (table === register.TABLE_PESTA) this.#setStopped(entry, MMIO_STOPPED, value);
    else if (table === register.TABLE_PESTB) this.#setStopped(entry, DMA_STOPPED, value);
    const address = this.#registers.get("IODA_ADDR");
    if ((address & register.IODA_AUTO_INCREMENT) !== 0n) {
      this.#registers.set("IODA_ADDR", address + 1n);
      this.#showEntry();
    }
  }

  /** Bit 0 of PESTA or PESTB. */
  #setStopped(pe: number, what: number, value: bigint): void {
    if (value >> 63n === 1n) this.states.stop(pe, what);
    else this.states.resume(pe, what);
  }
}

/** One access below bit 59, and which window that bit chose. */
interface Access {
  readonly requester: number;
  readonly pe: number;
  readonly frame: number;
  readonly second: 0 | 1;
  readonly access: BusAccess;
}

function frameOf({ frame, second }: Access): number {
  return second === 1 ? frame + WINDOW_BIT : frame;
}
