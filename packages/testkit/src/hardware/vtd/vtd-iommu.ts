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
import { CAN_READ, Iotlb } from "../iotlb.ts";
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
import { VtdRegisterPage } from "./register-page.ts";
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

const SWITCHES = TRANSLATION_ENABLE | QUEUED_INVALIDATION_ENABLE | INTERRUPT_REMAPPING_ENABLE;

/** No state of a context: translation is off. */
const OFF = -1;

export class VtdIommu implements IommuHardware {
  readonly name = "vtd";
  readonly statistics: MutableStatistics = { hits: 0, walks: 0, faults: 0, invalidations: 0 };
  readonly #has: VtdCapabilities;
  readonly #registers: RegisterFile<VtdRegisterName>;
  readonly #page: VtdRegisterPage;
  readonly #contextTables: ContextTables;
  readonly #contexts = new RequesterCache();
  readonly #iotlb: Iotlb;
  readonly #secondStage: SecondStage;
  readonly #queue: InvalidationQueue;
  readonly #records: FaultRecords;
  readonly #log = new FaultLog();
  /** By requester, good while its context is cached: what the fast walk starts from. */
  readonly #plainTops: Int32Array = new Int32Array(0x1_0000);
  /** By levels of tables: one past the last frame that may be translated. */
  readonly #frameLimits: readonly number[];
  /** What a context's state must be for its accesses to be translated. */
  #translated: number = OFF;
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
    this.#page = new VtdRegisterPage(this.#registers, this.#queue);
  }

  /** The register page, as a driver maps it. */
  get registers(): RegisterAccess {
    return this.#page;
  }

  get lastFault(): DmaFault | undefined {
    return this.#log.last;
  }

  takeFaults(): readonly DmaFault[] {
    return this.#log.take();
  }

  translateFrame(requester: number, frame: number, access: BusAccess): number {
    if (isInterruptFrame(frame)) return INTERRUPT_MESSAGE; // 3.14
    const contexts = this.#contexts;
    if (contexts.state[requester] !== this.#translated)
      return this.#withoutContext(requester, frame, access);
    const needed = access === "read" ? 1 : 2; // CAN_READ, CAN_WRITE
    const domain = contexts.domain[requester] ?? 0;
    const found = this.#iotlb.find(domain, frame, needed);
    if (found === -1) return this.#missed(requester, domain, frame, needed); // MISS
    if (found < 0) return this.#denied(requester, domain, frame, needed);
    this.statistics.hits++;
    return found;
  }

  /** 3.4: finds the requester's context entry, or the reason why it has none. */
  #withoutContext(requester: number, frame: number, access: BusAccess): number {
    if (this.#translated === OFF) return frame; // 11.4.4, TE clear: addresses pass unchanged
    if (requester < 0 || requester > 0xffff) throw new RangeError(`requester ${requester}`);
    const cache = this.#contexts;
    if (cache.state[requester] === NOT_CACHED) {
      const context = this.#contextTables.look(this.#rootFrame, requester);
      cache.recording[requester] = context.silent ? RECORD_NONE : RECORD_ALL;
      if (context.kind === "fault") return this.#fault(requester, frame, access, context.code);
      cache.domain[requester] = context.domain;
      cache.tableFrame[requester] = context.tableFrame;
      cache.levels[requester] = context.levels;
      this.#plainTops[requester] = this.#secondStage.plainTop(context.tableFrame, context.levels);
      cache.state[requester] = context.kind === "translate" ? TRANSLATED : PASSED_THROUGH;
    }
    if (cache.state[requester] === PASSED_THROUGH) return frame;
    return this.translateFrame(requester, frame, access);
  }

  /**
   * With caching mode a denial may come from the IOTLB (6.1), which is why software must then
   * invalidate after a map as well; without it, the tables are asked.
   */
  #denied(requester: number, domain: number, frame: number, needed: number): number {
    if (!this.#has.cachingMode) return this.#missed(requester, domain, frame, needed);
    const code = needed === CAN_READ ? NO_READ_PERMISSION : NO_WRITE_PERMISSION;
    return this.#walkFault(requester, frame, needed, code);
  }

  /** The tables are asked. */
  #missed(requester: number, domain: number, frame: number, needed: number): number {
    const stage = this.#secondStage;
    const top = this.#plainTops[requester] ?? -1;
    // Three levels reach 2^27 frames; of what four reach, 31 bits are quick.
    const last = (top & 7) === 3 ? 0x7ff_ffff : 0x7fff_ffff;
    if (top < 0 || frame > last) return this.#walkAny(requester, domain, frame, needed);
    const physical = stage.walkFrom(top, frame, needed);
    if (physical < 0) return this.#walked(requester, domain, frame, needed, stage.careful);
    this.statistics.walks++;
    this.#iotlb.fillSmall(domain, frame, physical, stage.permissions);
    return physical;
  }
  /** A walk that may fail before it begins, or reach further than the fast one. */
  #walkAny(requester: number, domain: number, frame: number, needed: number): number {
    const levels = this.#contexts.levels[requester] ?? 0;
    if (frame >= (this.#frameLimits[levels] ?? 0))
      return this.#walkFault(requester, frame, needed, ADDRESS_TOO_WIDE);
    const top = this.#contexts.tableFrame[requester] ?? 0;
    const physical = this.#secondStage.walk(top, levels, frame, needed);
    return this.#walked(requester, domain, frame, needed, physical);
  }

  /** What follows from any walk's answer. */
  #walked(
    requester: number,
    domain: number,
    frame: number,
    needed: number,
    physical: number,
  ): number {
    const stage = this.#secondStage;
    this.statistics.walks++;
    if (physical < 0) {
      if (this.#has.cachingMode && stage.metAbsentEntry) this.#iotlb.fill(domain, frame, 0, 0, 0);
      return this.#walkFault(requester, frame, needed, -physical);
    }
    if (isInterruptFrame(physical))
      return this.#walkFault(requester, frame, needed, OUTPUT_IN_INTERRUPT_RANGE);
    const { order, permissions } = stage;
    this.#iotlb.fill(domain, frame, order, physical - withinPage(frame, order), permissions);
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
    else if (name === "IQA") this.#queue.rebase();
    else if (name === "IQT") this.#queue.moveTail(Number(this.#registers.get("IQT")));
    else if (name === "FSTS") this.#queue.resume();
    else if (name.startsWith("FRCD")) this.#records.refresh();
  }

  /** GCMD, 11.4.4: switches take effect at once, and GSTS shows them. */
  #command(written: bigint): void {
    let status = (this.#registers.get("GSTS") & ~SWITCHES) | (written & SWITCHES);
    if ((written & SET_ROOT_TABLE_POINTER) !== 0n) {
      this.#rootFrame = Number((this.#registers.get("RTADDR") >> 12n) & 0xff_ffff_ffffn);
      status |= SET_ROOT_TABLE_POINTER;
    }
    this.#registers.set("GSTS", status);
    this.#translated = (status & TRANSLATION_ENABLE) !== 0n ? TRANSLATED : OFF;
    this.#queue.enable((status & QUEUED_INVALIDATION_ENABLE) !== 0n);
  }
}
