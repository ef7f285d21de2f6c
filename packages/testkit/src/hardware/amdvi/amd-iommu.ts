// An AMD-Vi unit with host (v1) page tables: registers, device table, caches, events.
//
// Programmed only through its registers and structures in memory. Section numbers are those of the
// AMD I/O Virtualization Technology (IOMMU) Specification, 48882 revision 3.

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
import { CAN_READ, CAN_WRITE, Iotlb } from "../iotlb.ts";
import { withinPage } from "../radix.ts";
import { type RegisterAccess, RegisterFile } from "../register-file.ts";
import {
  NOT_CACHED,
  PASSED_THROUGH,
  RECORD_ALL,
  RECORD_NEXT,
  RECORD_NONE,
  RequesterCache,
  TRANSLATED,
} from "../requester-cache.ts";
import { CommandBuffer } from "./commands.ts";
import { DeviceTable } from "./device-table.ts";
import {
  EventLog,
  FLAG_PERMISSION,
  FLAG_PRESENT,
  FLAG_RESERVED,
  FLAG_WRITE,
  IO_PAGE_FAULT,
  PAGE_TAB_HARDWARE_ERROR,
} from "./events.ts";
import { HostPageTable, NO_MEMORY, NOT_PERMITTED, RESERVED_BITS } from "./page-table.ts";
import { reasonText } from "./reasons.ts";
import {
  type AmdRegisterName,
  amdRegisters,
  COMMAND_BUFFER_ENABLE,
  EVENT_LOG_ENABLE,
  IOMMU_ENABLE,
} from "./registers.ts";

export interface AmdOptions {
  readonly memory: PhysicalMemory;
  /** The deepest page table (HATS). Default 6, so that all 64 bits translate. */
  readonly levels?: 4 | 5 | 6;
  /** IOTLB entries, a power of two. Default 4096. */
  readonly iotlbEntries?: number;
  /** The event log interrupt, when Control enables it. */
  readonly onEvent?: () => void;
}

/** HyperTransport's own addresses: 0xfd_0000_0000 to 0xff_ffff_ffff are never memory (2.1.4). */
const FIRST_SPECIAL = 0xfd0_0000;
const LAST_SPECIAL = 0xfff_ffff;

export class AmdIommu implements IommuHardware {
  readonly name = "amdvi";
  readonly statistics: MutableStatistics = { hits: 0, walks: 0, faults: 0, invalidations: 0 };
  readonly #registers: RegisterFile<AmdRegisterName>;
  readonly #deviceTable: DeviceTable;
  readonly #devices = new RequesterCache();
  readonly #iotlb: Iotlb;
  readonly #pageTable: HostPageTable;
  readonly #events: EventLog;
  readonly #commands: CommandBuffer;
  readonly #log = new FaultLog();
  #translation: "on" | "off" = "off";

  constructor(options: AmdOptions) {
    const { memory } = options;
    const levels = options.levels ?? 6;
    this.#registers = new RegisterFile(amdRegisters(levels), (name) => this.#written(name));
    this.#deviceTable = new DeviceTable(memory, this.#registers, levels);
    this.#iotlb = new Iotlb(options.iotlbEntries);
    this.#pageTable = new HostPageTable(memory);
    this.#events = new EventLog(this.#registers, memory, options.onEvent ?? (() => undefined));
    this.#commands = new CommandBuffer({
      registers: this.#registers,
      memory,
      devices: this.#devices,
      iotlb: this.#iotlb,
      events: this.#events,
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
    if (isInterruptFrame(frame)) return INTERRUPT_MESSAGE;
    if (this.#translation === "off") return frame; // 3.4.3, IommuEn clear
    const devices = this.#devices;
    const needed = access === "read" ? CAN_READ : CAN_WRITE;
    const allowed = ((devices.permissions[requester] ?? 0) & needed) !== 0;
    if (devices.state[requester] !== TRANSLATED || !allowed)
      return this.#notTranslated(requester, frame, access);
    const found = this.#iotlb.find(devices.domain[requester] ?? 0, frame, needed);
    if (found < 0) return this.#missed(requester, frame, access);
    this.statistics.hits++;
    return found;
  }

  /** No entry cached yet, or the entry itself decides: untranslated, or IR and IW forbid it. */
  #notTranslated(requester: number, frame: number, access: BusAccess): number {
    if (requester < 0 || requester > 0xffff) throw new RangeError(`requester ${requester}`);
    const devices = this.#devices;
    if (devices.state[requester] === NOT_CACHED) {
      const entry = this.#deviceTable.look(requester);
      if (entry.kind === "fault") {
        devices.recording[requester] = RECORD_ALL;
        return this.#fault(requester, frame, access, entry.code, entry.flags);
      }
      devices.domain[requester] = entry.domain;
      devices.tableFrame[requester] = entry.tableFrame;
      devices.levels[requester] = entry.levels;
      devices.permissions[requester] = entry.permissions;
      devices.recording[requester] = entry.recording;
      devices.state[requester] = entry.kind === "translate" ? TRANSLATED : PASSED_THROUGH;
      return this.translateFrame(requester, frame, access);
    }
    const needed = access === "read" ? CAN_READ : CAN_WRITE;
    if (((devices.permissions[requester] ?? 0) & needed) === 0)
      return this.#fault(requester, frame, access, IO_PAGE_FAULT, FLAG_PRESENT | FLAG_PERMISSION);
    return isSpecial(frame) ? this.#fault(requester, frame, access, IO_PAGE_FAULT, 0) : frame;
  }

  /** The IOTLB never answers a denial: the tables are asked before a fault is raised. */
  #missed(requester: number, frame: number, access: BusAccess): number {
    if (isSpecial(frame)) return this.#fault(requester, frame, access, IO_PAGE_FAULT, 0);
    this.statistics.walks++;
    const devices = this.#devices;
    const table = this.#pageTable;
    const needed = access === "read" ? CAN_READ : CAN_WRITE;
    const top = devices.tableFrame[requester] ?? 0;
    const physical = table.walk(top, devices.levels[requester] ?? 0, frame, needed);
    if (physical < 0) return this.#walkFault(requester, frame, access, physical);
    const first = physical - withinPage(frame, table.order);
    const domain = devices.domain[requester] ?? 0;
    this.#iotlb.fill(domain, frame, table.order, first, table.permissions);
    return physical;
  }

  #walkFault(requester: number, frame: number, access: BusAccess, answer: number): number {
    if (answer === NO_MEMORY)
      return this.#fault(requester, frame, access, PAGE_TAB_HARDWARE_ERROR, 0);
    let flags = 0;
    if (answer === NOT_PERMITTED) flags = FLAG_PRESENT | FLAG_PERMISSION;
    if (answer === RESERVED_BITS) flags = FLAG_PRESENT | FLAG_RESERVED;
    return this.#fault(requester, frame, access, IO_PAGE_FAULT, flags);
  }

  /** 2.5.3: RW says read or write; SE and SA of the device entry may silence page faults. */
  #fault(
    requester: number,
    frame: number,
    access: BusAccess,
    code: number,
    reason: number,
  ): number {
    this.statistics.faults++;
    const address = BigInt(frame) << 12n;
    this.#log.add({ requester, address, access, reason: reasonText(code, reason), code });
    const devices = this.#devices;
    const recording = devices.recording[requester];
    if (code === IO_PAGE_FAULT && recording === RECORD_NONE) return BLOCKED;
    if (code === IO_PAGE_FAULT && recording === RECORD_NEXT)
      devices.recording[requester] = RECORD_NONE;
    const flags = reason | (access === "write" ? FLAG_WRITE : 0);
    const domain = devices.domain[requester] ?? 0;
    this.#events.add({ code, requester, domain, flags, address });
    return BLOCKED;
  }

  #written(name: AmdRegisterName): void {
    if (name === "Control") this.#control();
    else if (name === "CommandTail") this.#commands.run();
    else if (name === "CommandBufferBase") this.#registers.set("CommandHead", 0n);
    else if (name === "EventLogBase") this.#registers.set("EventTail", 0n);
  }

  /** 3.4.3: the rings run while the unit and the ring are both enabled. */
  #control(): void {
    const control = this.#registers.get("Control");
    const isOn = (control & IOMMU_ENABLE) !== 0n;
    this.#translation = isOn ? "on" : "off";
    if (isOn && (control & EVENT_LOG_ENABLE) !== 0n) this.#events.start();
    else this.#events.stop();
    if (isOn && (control & COMMAND_BUFFER_ENABLE) !== 0n) this.#commands.start();
    else this.#commands.stop();
  }
}

function isSpecial(frame: number): boolean {
  return frame >= FIRST_SPECIAL && frame <= LAST_SPECIAL;
}
