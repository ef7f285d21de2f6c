// The simulated kernel's PAMU driver: programs every PAMU of the SoC, hands out domains, and answers
// violations.
//
// It reaches the hardware through registers and through its tables in memory, never by a call. All
// PAMUs get the same tables, so a LIODN means the same everywhere.

import type { WordRegisters } from "../../../hardware/pamu/word-registers.ts";
import type { FrameSource } from "../../frame-source.ts";
import type { IommuDomain, IommuDriver, MessageTarget, ReservedRegion } from "../domain.ts";
import { type DomainRelease, PamuDomain } from "./domain.ts";
import { mostWindows } from "./entry-fields.ts";
import { LiodnTables, OPERATION_ENTRIES } from "./liodn-tables.ts";
import type { MsiController } from "./msi-controller.ts";
import { writeOperationRows } from "./operation-rows.ts";
import { PAMU_BYTES, PAMUBYPENR_AT, type PamuSoc } from "./soc.ts";
import { StrictPamuDomain } from "./strict-domain.ts";
import { answerViolations, type ViolationPolicy, type ViolationReport } from "./violations.ts";

/** How the kernel behaves: exactly as the vendor's, as it should have, or as Linux 6.12. */
export type PamuMode = "sdk-compat" | "strict" | "mainline";

/** A device as the device tree has it: the LIODNs of its controller, and which controller. */
export interface PamuDevice {
  readonly requester: number;
  readonly liodns: readonly number[];
  readonly controller: number;
}

export interface PamuDriverOptions {
  /** What the window field of a STASH request holds: all windows, or whatever lay on the stack. */
  readonly stashWindow: "all" | "uninitialised";
  readonly frames: FrameSource;
  readonly soc: PamuSoc;
  readonly mode: PamuMode;
  readonly release: DomainRelease;
  /** What becomes of a device after a violation. */
  readonly violations: ViolationPolicy["device"];
  /** All PAMUs, one 4 KiB block after the other. */
  readonly registers: WordRegisters;
  readonly guts: WordRegisters;
  readonly devices: readonly PamuDevice[];
  readonly messages: MsiController;
}

const PC3 = 0xc08;
const PC = 0xc10;
/** PC: enable, with all three caches. */
const PC_ON = 0x4000_1011;
const PICS = 0xc1c;
/** PICS: an interrupt for each violation. */
const PICS_VIOLATIONS = 0x4;

export class PamuDriver implements IommuDriver {
  readonly name = "pamu";
  readonly sysfsLink = "../../virtual/iommu/iommu0";
  readonly interruptsIsolated = false;
  readonly soc: PamuSoc;
  readonly mode: PamuMode;
  readonly tables: LiodnTables;
  readonly stashWindow: "all" | "uninitialised";
  readonly messages: MsiController;
  readonly #options: PamuDriverOptions;
  /** Domains that somebody has. */
  readonly domains: Set<PamuDomain> = new Set();
  #reports: ViolationReport[] = [];

  constructor(options: PamuDriverOptions) {
    this.#options = options;
    this.soc = options.soc;
    this.mode = options.mode;
    this.stashWindow = options.stashWindow;
    this.messages = options.messages;
    this.tables = new LiodnTables(options.frames);
    writeOperationRows(this.tables.operations, OPERATION_ENTRIES);
    for (const { liodns } of options.devices)
      for (const liodn of liodns)
        if (liodn < this.tables.primary.entries) this.tables.setIdentity(liodn);
    for (let pamu = 0; pamu < this.soc.pamus; pamu++) this.#program(pamu);
    options.guts.write(PAMUBYPENR_AT, 0);
  }

  /** What the hardware can do, as PC3 of the first PAMU says. */
  get mostWindows(): number {
    return mostWindows(this.#options.registers.read(PC3));
  }

  /** A new domain of this kernel's kind. */
  newDomain(): PamuDomain {
    const make = this.mode === "strict" ? StrictPamuDomain : PamuDomain;
    const domain = new make(this.tables, this.mostWindows, this.#options.release);
    this.domains.add(domain);
    return domain;
  }

  freeDomain(domain: PamuDomain): void {
    domain.free();
    this.domains.delete(domain);
  }

  /** `fsl,liodn` of a device's controller; empty without the property. */
  liodnsOf(requester: number): readonly number[] {
    return this.#deviceOf(requester)?.liodns ?? [];
  }

  /** Type1 has no driver for PAMU: Linux 6.12's iommu_map answers -ENODEV. */
  createDomain(): IommuDomain {
    throw new Error("a PAMU domain has windows, not pages: ask newDomain()");
  }

  reservedRegions(): readonly ReservedRegion[] {
    return [];
  }

  /**
   * Takes a device's DMA away, in the strict kernel. The vendor's leaves the boot-time identity window
   * until a domain is given windows, and Linux 6.12 for ever.
   */
  block(requester: number): void {
    if (this.mode !== "strict") return;
    for (const liodn of this.liodnsOf(requester))
      if (liodn < this.tables.primary.entries) this.tables.setValid(liodn, false);
  }

  /** Where a device sends its interrupt messages: into the window that its bank is mapped at. */
  messageTarget(requester: number, vectors: number): MessageTarget | number {
    const device = this.#deviceOf(requester);
    const bank = (device?.controller ?? 0) % this.soc.msiBanks.length;
    const liodn = device?.liodns[0] ?? -1;
    const domain = [...this.domains].find((each) => each.liodns.includes(liodn));
    return this.messages.allocate({ requester, vectors, bank, domain });
  }

  releaseMessages(requester: number): void {
    this.messages.release(requester);
  }

  /** The first interrupt of the node: every PAMU is asked. */
  onViolation(): void {
    for (let pamu = 0; pamu < this.soc.pamus; pamu++) {
      const report = answerViolations(this.#registersOf(pamu), this.tables, this.#policy);
      if (report === undefined) continue;
      this.#reports.push({ ...report, pamu });
      if (report.liodn !== undefined) this.#cutOff(report.liodn);
    }
  }

  /** What the violation handler logged since the last call. */
  takeViolations(): readonly ViolationReport[] {
    const taken = this.#reports;
    this.#reports = [];
    return taken;
  }

  /** The strict kernel keeps listening: a blocked device must not hide what another one does. */
  get #policy(): ViolationPolicy {
    const device = this.#options.violations;
    return this.mode === "strict"
      ? { strangers: "logged", interrupt: "kept", device }
      : { strangers: "bug", interrupt: "switched-off", device };
  }

  #cutOff(liodn: number): void {
    for (const domain of this.domains) if (domain instanceof StrictPamuDomain) domain.cutOff(liodn);
  }

  #deviceOf(requester: number): PamuDevice | undefined {
    return this.#options.devices.find((device) => device.requester === requester);
  }

  #registersOf(pamu: number): WordRegisters {
    const { registers } = this.#options;
    return {
      read: (offset) => registers.read(pamu * PAMU_BYTES + offset),
      write: (offset, value) => registers.write(pamu * PAMU_BYTES + offset, value),
    };
  }

  /** Tables first, then interrupts, then on. */
  #program(pamu: number): void {
    const registers = this.#registersOf(pamu);
    const { primary, secondary, operations } = this.tables.places;
    for (const [index, place] of [primary, secondary, operations].entries()) {
      const at = 0x10 * index;
      writeAddress(registers, at, place.base);
      writeAddress(registers, at + 8, place.limit);
    }
    registers.write(PICS, PICS_VIOLATIONS);
    registers.write(PC, PC_ON);
  }
}

function writeAddress(registers: WordRegisters, offset: number, address: number): void {
  registers.write(offset, Math.floor(address / 2 ** 32));
  registers.write(offset + 4, address % 2 ** 32);
}
