// All PAMUs of one QorIQ system on a chip, as its PCI devices meet them.
//
// A device's transaction carries the LIODN of its PCI Express controller, from that controller's
// register in GUTS, and goes through the PAMU that the controller is wired to. All PAMUs are given the
// same tables by their driver; each has registers, caches and records of its own. It knows no VFIO.

import type { PhysicalMemory } from "../../memory/physical-memory.ts";
import { FaultLog, type MutableStatistics } from "../fault-log.ts";
import { BLOCKED, type BusAccess, type DmaFault, type IommuHardware } from "../iommu-hardware.ts";
import { CoherenceSubdomains } from "./coherence.ts";
import { Guts } from "./guts.ts";
import { IOE } from "./operations.ts";
import { Pamu } from "./pamu.ts";
import { BLOCK_BYTES } from "./registers.ts";
import { type PamuErrata, type Soc, type SocName, socNamed } from "./soc.ts";
import { reasonText } from "./violations.ts";
import type { WordRegisters } from "./word-registers.ts";

/** Bytes of the largest piece of a transfer that is looked up at once; pieces do not cross its multiples. */
const CHUNK_BYTES = 64;

/** `violation` is the first interrupt of the node `fsl,pamu`, `error` the second. */
export type PamuInterrupt = "violation" | "error";

const LINES: readonly PamuInterrupt[] = ["violation", "error"];

export interface QoriqPamusOptions {
  readonly memory: PhysicalMemory;
  readonly soc: SocName;
  /** Which PCI Express controller (0…) a requester (bus << 8 | device << 3 | function) is behind. */
  readonly controllerOf: (requester: number) => number;
  /** The PAMU that a controller is wired to (`fsl,iommu-parent`). Default the first one. */
  readonly pamuOf?: (controller: number) => number;
  /** Default normal: every PAMU is bypassed until software ends that. */
  readonly boot?: "normal" | "secure";
  /** Whether table fetches see every store. Default snooped. */
  readonly tableFetches?: "snooped" | "not-snooped";
  readonly errata?: Partial<PamuErrata>;
  /** An interrupt line went from low to high. It stays high until software clears its cause. */
  readonly onInterrupt?: (line: PamuInterrupt) => void;
}

const MOST_DIAGNOSTICS = 10_000;

export class QoriqPamus implements IommuHardware {
  readonly name = "pamu";
  readonly chunk: number = CHUNK_BYTES;
  readonly statistics: MutableStatistics = { hits: 0, walks: 0, faults: 0, invalidations: 0 };
  readonly soc: Soc;
  readonly guts: Guts;
  readonly coherence: CoherenceSubdomains;
  readonly pamus: readonly Pamu[];
  readonly #options: QoriqPamusOptions;
  readonly #log = new FaultLog();
  /** The PAMUs that hold each line high, by number. */
  readonly #raising = { violation: new Set<number>(), error: new Set<number>() };
  #diagnostics: string[] = [];

  constructor(options: QoriqPamusOptions) {
    this.#options = options;
    this.soc = socNamed(options.soc);
    this.guts = new Guts(this.soc, options.boot ?? "normal");
    this.coherence = new CoherenceSubdomains(() => {
      for (const pamu of this.pamus) pamu.refreshCaches();
    });
    const errata = { ...this.soc.errata, ...options.errata };
    this.pamus = this.soc.pamus.map(
      (_, number) =>
        new Pamu({
          memory: options.memory,
          capabilities: this.soc,
          errata,
          isSnooped: (frame) => this.#isSnooped(frame, errata),
          onStatus: () => this.#interrupts(number),
          onDiagnostic: (sentence) => this.#diagnose(sentence),
          statistics: this.statistics,
        }),
    );
  }

  /** The blocks of all PAMUs, one behind the other, from CCSR + 0x20000 on. */
  get registers(): WordRegisters {
    const block = (offset: number): WordRegisters | undefined =>
      this.pamus[Math.floor(offset / BLOCK_BYTES)]?.registers;
    return {
      read: (offset) => block(offset)?.read(offset % BLOCK_BYTES) ?? 0,
      write: (offset, value) => block(offset)?.write(offset % BLOCK_BYTES, value),
    };
  }

  get lastFault(): DmaFault | undefined {
    return this.#log.last;
  }

  takeFaults(): readonly DmaFault[] {
    return this.#log.take();
  }

  /** What software should not have done but silicon does not report, since the last call. */
  takeDiagnostics(): readonly string[] {
    const taken = this.#diagnostics;
    this.#diagnostics = [];
    return taken;
  }

  /** Whether an interrupt line is high now. */
  isRaised(line: PamuInterrupt): boolean {
    return this.#raising[line].size > 0;
  }

  translateFrame(requester: number, frame: number, access: BusAccess, offset = 0): number {
    const controller = this.#options.controllerOf(requester);
    const number = this.#options.pamuOf?.(controller) ?? 0;
    if (this.guts.bypassed[number] === true) return frame; // step 1
    const pamu = this.pamus[number];
    const liodn = this.guts.liodns[controller];
    if (pamu === undefined || liodn === undefined)
      throw new RangeError(`requester ${requester} is behind no PCI Express controller`);
    const operation = access === "read" ? IOE.READ : IOE.WRITE;
    const physical = pamu.authorize(liodn, frame, offset, operation);
    if (physical === BLOCKED) this.#log.add(faultOf(requester, frame, access, pamu, offset));
    return physical;
  }

  #isSnooped(frame: number, errata: PamuErrata): boolean {
    if (this.#options.tableFetches === "not-snooped") return false;
    return !errata["A-004510"] || this.coherence.includes(frame, this.soc.portIds);
  }

  /** Asks only the PAMU whose status changed: a T4240 has 6, and every write of a register comes here. */
  #interrupts(number: number): void {
    const rising = LINES.filter((line) => this.#rises(line, number));
    for (const line of rising) this.#options.onInterrupt?.(line);
  }

  /** Whether the line was low, and this PAMU raises it. */
  #rises(line: PamuInterrupt, number: number): boolean {
    const raising = this.#raising[line];
    const wasLow = raising.size === 0;
    if (isHigh(this.pamus[number], line)) raising.add(number);
    else raising.delete(number);
    return wasLow && raising.size > 0;
  }

  #diagnose(sentence: string): void {
    if (this.#diagnostics.length < MOST_DIAGNOSTICS) this.#diagnostics.push(sentence);
  }
}

function isHigh(pamu: Pamu | undefined, line: PamuInterrupt): boolean {
  if (pamu === undefined) return false;
  return line === "violation" ? pamu.status.violationLine : pamu.errorLine;
}

function faultOf(
  requester: number,
  frame: number,
  access: BusAccess,
  { lastCode }: Pamu,
  offset: number,
): DmaFault {
  const address = BigInt(frame) * 4096n + BigInt(offset);
  return { requester, address, access, reason: reasonText(lastCode), code: lastCode };
}
