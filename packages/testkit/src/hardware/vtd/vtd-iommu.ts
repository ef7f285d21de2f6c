// A VT-d remapping unit in legacy mode: registers, tables, caches, faults.
//
// It is programmed as on a real machine: through its register page and through structures in
// memory, never by a method call. It knows nothing of VFIO nor of what drives it.
// Section numbers are those of the Intel VT-d specification, revision 4 and later.

import type { PhysicalMemory } from "../../memory/physical-memory.ts";
import { FaultLog, type MutableStatistics } from "../fault-log.ts";
import { isInterruptFrame } from "../interrupt-window.ts";
import {
  BLOCKED,
  type BusAccess,
  type DmaFault,
  INTERRUPT_MESSAGE,
  type IommuHardware,
} from "../iommu-hardware.ts";
import { CAN_READ, CAN_WRITE, DENIED, Iotlb } from "../iotlb.ts";
import { powerOfTwo, withinPage } from "../radix.ts";
import { type RegisterAccess, RegisterFile } from "../register-file.ts";
import {
  NOT_CACHED,
  PASSED_THROUGH,
  RECORD_ALL,
  RECORD_NONE,
  RequesterCache,
  TRANSLATED,
} from "../requester-cache.ts";
import { ContextTables } from "./context-entry.ts";
import {
  ADDRESS_TOO_WIDE,
  FaultRecords,
  NO_READ_PERMISSION,
  NO_WRITE_PERMISSION,
  OUTPUT_IN_INTERRUPT_RANGE,
  reasonText,
} from "./faults.ts";
import { InvalidationQueue } from "./invalidation.ts";
import {
  DEFAULT_CAPABILITIES,
  INTERRUPT_REMAPPING_ENABLE,
  QUEUED_INVALIDATION_ENABLE,
  SET_ROOT_TABLE_POINTER,
  TRANSLATION_ENABLE,
  type VtdCapabilities,
  type VtdRegisterName,
  vtdRegisters,
} from "./registers.ts";
import { SecondStage } from "./second-stage.ts";

export interface VtdOptions extends Partial<VtdCapabilities> {
  readonly memory: PhysicalMemory;
  /** IOTLB entries, a power of two. Default 4096. */
  readonly iotlbEntries?: number;
  /** The fault event interrupt, when FECTL does not mask it. */
  readonly onFaultEvent?: () => void;
}

/** Copies for the hot path: V8 takes another module's constant for a variable (Node 24). */
const READ: number = CAN_READ;
const WRITE: number = CAN_WRITE;
const USABLE: number = TRANSLATED;

const SWITCHES = TRANSLATION_ENABLE | QUEUED_INVALIDATION_ENABLE | INTERRUPT_REMAPPING_ENABLE;

export class VtdIommu implements IommuHardware {
  readonly name = "vtd";
  readonly statistics: MutableStatistics = { hits: 0, walks: 0, faults: 0, invalidations: 0 };
  readonly #has: VtdCapabilities;
  readonly #registers: RegisterFile<VtdRegisterName>;
  readonly #contextTables: ContextTables;
  readonly #contexts = new RequesterCache();
  readonly #iotlb: Iotlb;
  readonly #secondStage: SecondStage;
  readonly #queue: InvalidationQueue;
  readonly #records: FaultRecords;
  readonly #log = new FaultLog();
  /** By levels of tables: one past the last frame that may be translated. */
  readonly #frameLimits: readonly number[];
  #translation: "on" | "off" = "off";
  #rootFrame = 0;

  constructor(options: VtdOptions) {
    const { memory, iotlbEntries, onFaultEvent, ...capabilities } = options;
    this.#has = { ...DEFAULT_CAPABILITIES, ...capabilities };
    this.#registers = new RegisterFile(vtdRegisters(this.#has), (name, written) =>
      this.#written(name, written),
    );
    this.#frameLimits = Array.from({ length: 7 }, (_, levels) =>
      powerOfTwo(Math.min(this.#has.addressWidth - 12, 9 * levels)),
    );
    this.#contextTables = new ContextTables(memory, this.#has);
    this.#iotlb = new Iotlb(iotlbEntries);
    this.#secondStage = new SecondStage(memory, this.#has);
    this.#records = new FaultRecords(
      this.#registers,
      this.#has.faultRecords,
      onFaultEvent ?? (() => undefined),
    );
    this.#queue = new InvalidationQueue({
      registers: this.#registers,
      memory,
      contexts: this.#contexts,
      iotlb: this.#iotlb,
      largestAddressMask: this.#has.largestAddressMask,
      count: () => this.statistics.invalidations++,
    });
  }

  /** The register page, as a driver maps it. */
  get registers(): RegisterAccess {
    return this.#registers;
  }

  get lastFault(): DmaFault | undefined {
    return this.#log.last;
  }

  takeFaults(): readonly DmaFault[] {
    return this.#log.take();
  }

  translateFrame(requester: number, frame: number, access: BusAccess): number {
    if (isInterruptFrame(frame)) return INTERRUPT_MESSAGE; // 3.14
    if (this.#translation === "off") return frame; // 11.4.4, TE clear: addresses pass unchanged
    const contexts = this.#contexts;
    const state = contexts.state[requester];
    if (state !== USABLE) return this.#withoutContext(requester, frame, access);
    const needed = access === "read" ? READ : WRITE;
    const domain = contexts.domain[requester] ?? 0;
    const found = this.#iotlb.find(domain, frame, needed);
    if (found >= 0) {
      this.statistics.hits++;
      return found;
    }
    if (found === DENIED && this.#has.cachingMode)
      return this.#fault(requester, frame, access, denial(access));
    return this.#walk(requester, frame, needed);
  }

  /** 3.4: finds the requester's context entry, or the reason why it has none. */
  #withoutContext(requester: number, frame: number, access: BusAccess): number {
    if (requester < 0 || requester > 0xffff) throw new RangeError(`requester ${requester}`);
    const cache = this.#contexts;
    if (cache.state[requester] === NOT_CACHED) {
      const context = this.#contextTables.look(this.#rootFrame, requester);
      cache.recording[requester] = context.silent ? RECORD_NONE : RECORD_ALL;
      if (context.kind === "fault") return this.#fault(requester, frame, access, context.code);
      cache.domain[requester] = context.domain;
      cache.tableFrame[requester] = context.tableFrame;
      cache.levels[requester] = context.levels;
      cache.state[requester] = context.kind === "translate" ? TRANSLATED : PASSED_THROUGH;
    }
    if (cache.state[requester] === PASSED_THROUGH) return frame;
    return this.translateFrame(requester, frame, access);
  }

  /**
   * The IOTLB has no usable answer. With caching mode a denial may come from the cache (6.1), which
   * is why software must then invalidate after a map as well; without it, the tables are asked.
   */
  #walk(requester: number, frame: number, needed: number): number {
    const contexts = this.#contexts;
    const levels = contexts.levels[requester] ?? 0;
    if (frame >= (this.#frameLimits[levels] ?? 0))
      return this.#walkFault(requester, frame, needed, ADDRESS_TOO_WIDE);
    this.statistics.walks++;
    const stage = this.#secondStage;
    const physical = stage.walk(contexts.tableFrame[requester] ?? 0, levels, frame, needed);
    const domain = contexts.domain[requester] ?? 0;
    if (physical < 0) {
      if (this.#has.cachingMode && stage.metAbsentEntry) this.#iotlb.fill(domain, frame, 0, 0, 0);
      return this.#walkFault(requester, frame, needed, -physical);
    }
    if (isInterruptFrame(physical))
      return this.#walkFault(requester, frame, needed, OUTPUT_IN_INTERRUPT_RANGE);
    const { order, permissions } = stage;
    if (order === 0) this.#iotlb.fillSmall(domain, frame, physical, permissions);
    else this.#iotlb.fill(domain, frame, order, physical - withinPage(frame, order), permissions);
    return physical;
  }

  #walkFault(requester: number, frame: number, needed: number, code: number): number {
    return this.#fault(requester, frame, needed === CAN_READ ? "read" : "write", code);
  }

  #fault(requester: number, frame: number, access: BusAccess, code: number): number {
    this.statistics.faults++;
    const address = BigInt(frame) << 12n;
    this.#log.add({ requester, address, access, reason: reasonText(code), code });
    if (this.#contexts.recording[requester] === RECORD_ALL)
      this.#records.record(requester, frame, access, code);
    return BLOCKED;
  }

  #written(name: VtdRegisterName, written: bigint): void {
    if (name === "GCMD") this.#command(written);
    else if (name === "IQT" && this.#queueEnabled()) this.#queue.run();
    else if (name === "FSTS" && this.#queueEnabled()) this.#queue.run();
    else if (name.startsWith("FRCD")) this.#records.refresh();
  }

  /** GCMD, 11.4.4: switches take effect at once, and GSTS shows them. */
  #command(written: bigint): void {
    const before = this.#registers.get("GSTS");
    let status = (before & ~SWITCHES) | (written & SWITCHES);
    if ((written & SET_ROOT_TABLE_POINTER) !== 0n) {
      this.#rootFrame = Number((this.#registers.get("RTADDR") >> 12n) & 0xff_ffff_ffffn);
      status |= SET_ROOT_TABLE_POINTER;
    }
    this.#registers.set("GSTS", status);
    this.#translation = (status & TRANSLATION_ENABLE) !== 0n ? "on" : "off";
    if ((before & QUEUED_INVALIDATION_ENABLE) !== 0n) return;
    if (!this.#queueEnabled()) return;
    this.#registers.set("IQH", 0n);
    this.#queue.run();
  }

  #queueEnabled(): boolean {
    return (this.#registers.get("GSTS") & QUEUED_INVALIDATION_ENABLE) !== 0n;
  }
}

function denial(access: BusAccess): number {
  return access === "read" ? NO_READ_PERMISSION : NO_WRITE_PERMISSION;
}
