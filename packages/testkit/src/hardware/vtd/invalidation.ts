// The invalidation queue: descriptors in memory that tell the unit what to forget (VT-d 6.5.2).
//
// Software writes 128-bit descriptors into a ring and moves the tail; the unit takes them one after
// the other, at once. A descriptor it does not understand stops the queue with the head on it, until
// software clears FSTS.IQE.
// Hot: it keeps the queue's registers as numbers; who reads them asks for `show` first.

import type { PhysicalMemory } from "../../memory/physical-memory.ts";
import type { Iotlb } from "../iotlb.ts";
import { entryFrame, powerOfTwo, withinPage } from "../radix.ts";
import type { RegisterFile } from "../register-file.ts";
import type { RequesterCache } from "../requester-cache.ts";
import { nextIndex } from "../ring.ts";
import { QUEUE_ERROR, type VtdRegisterName } from "./registers.ts";

export interface InvalidationParts {
  readonly registers: RegisterFile<VtdRegisterName>;
  readonly memory: PhysicalMemory;
  readonly contexts: RequesterCache;
  readonly iotlb: Iotlb;
  readonly largestAddressMask: number;
  /** Called for each invalidation carried out. */
  readonly count: () => void;
}

export class InvalidationQueue {
  readonly #parts: InvalidationParts;
  #isEnabled: boolean = false;
  /** IQE is set. */
  #isStopped: boolean = false;
  #baseFrame = 0;
  #entries = 0;
  #head = 0;
  #tail = 0;

  constructor(parts: InvalidationParts) {
    this.#parts = parts;
  }

  /** GCMD.QIE: the queue begins anew when it is switched on, and obeys nothing while it is off. */
  enable(isEnabled: boolean): void {
    const begins = isEnabled && !this.#isEnabled;
    this.#isEnabled = isEnabled;
    if (!begins) return;
    this.#head = 0;
    this.#run();
  }

  /** Software wrote IQA: QS says that there are 2^QS pages of 256 descriptors. */
  rebase(): void {
    const base = this.#parts.registers.get("IQA");
    this.#entries = 256 << Number(base & 7n);
    this.#baseFrame = Number(base >> 12n);
  }

  /** Software wrote IQT: QT, bits 18..4. */
  moveTail(written: number): void {
    this.#tail = (written >>> 4) & 0x7fff;
    this.#run();
  }

  /** Software may have cleared IQE. */
  resume(): void {
    this.#isStopped = (this.#parts.registers.get("FSTS") & QUEUE_ERROR) !== 0n;
    this.#run();
  }

  /** Takes descriptors until the head meets the tail or one is refused. */
  #run(): void {
    if (!this.#isEnabled) return;
    if (this.#tail >= this.#entries) this.#stop();
    if (this.#isStopped) return;
    while (this.#head !== this.#tail && this.#obeyHead())
      this.#head = nextIndex(this.#head, this.#entries);
    if (this.#head !== this.#tail) this.#stop();
  }

  /** Brings the registers up to date. */
  show(): void {
    const { registers } = this.#parts;
    registers.set("IQH", BigInt(this.#head) << 4n);
    registers.set("IQT", BigInt(this.#tail) << 4n);
  }

  #stop(): void {
    const { registers } = this.#parts;
    registers.set("FSTS", registers.get("FSTS") | QUEUE_ERROR);
    this.#isStopped = true;
  }

  /** 128 bits, lowest word first; false when the descriptor is not one of this unit's. */
  #obeyHead(): boolean {
    const frame = this.#baseFrame + (this.#head >>> 8);
    const at = (this.#head & 255) * 4;
    const { memory } = this.#parts;
    const { tables } = memory;
    if (!tables.has(frame))
      return this.#obey(
        memory.load32(frame, at) | 0,
        memory.load32(frame, at + 1) | 0,
        memory.load32(frame, at + 2) | 0,
        memory.load32(frame, at + 3) | 0,
      );
    const { words } = tables;
    const first = tables.indexOf(frame) + at;
    return this.#obey(
      (words[first] ?? 0) | 0,
      (words[first + 1] ?? 0) | 0,
      (words[first + 2] ?? 0) | 0,
      (words[first + 3] ?? 0) | 0,
    );
  }

  /** 6.5.2.1 to 6.5.2.8. */
  #obey(w0: number, w1: number, w2: number, w3: number): boolean {
    switch ((w0 & 0xf) | ((w0 >>> 5) & 0x70)) {
      case 1:
        return this.#contextCache(w0, w1, w2 | w3);
      case 2:
        return this.#iotlb(w0, w1, w2, w3);
      case 4: // interrupt entry cache: nothing is cached here
        return true;
      case 5:
        return this.#wait(w0, w1, w2, w3);
      default:
        return false;
    }
  }

  /** 6.5.2.1: G bits 5..4, DID 31..16, SID 47..32, FM 49..48. */
  #contextCache(w0: number, w1: number, rest: number): boolean {
    if ((w0 & 0xf1c0) !== 0 || w1 >>> 18 !== 0 || rest !== 0) return false;
    const { contexts } = this.#parts;
    const granularity = (w0 >>> 4) & 3;
    if (granularity === 1) contexts.invalidateAll();
    else if (granularity === 2) contexts.invalidateDomain(w0 >>> 16);
    else if (granularity === 3)
      contexts.invalidateMatching(w1 & 0xffff, functionMask((w1 >>> 16) & 3));
    else return false;
    this.#parts.count();
    return true;
  }

  /** 6.5.2.3: G bits 5..4, DR, DW, DID 31..16; AM 69..64, IH 70, address 127..76. */
  #iotlb(w0: number, w1: number, w2: number, w3: number): boolean {
    if ((w0 & 0xf100) !== 0 || w1 !== 0) return false;
    const { iotlb, largestAddressMask } = this.#parts;
    const granularity = (w0 >>> 4) & 3;
    const mask = w2 & 0x3f;
    if (granularity === 0) return false;
    if (granularity === 1) iotlb.invalidateAll();
    else if (granularity === 2) iotlb.invalidateDomain(w0 >>> 16);
    else if (mask > largestAddressMask || (w2 & 0xf80) !== 0) return false;
    else {
      const frame = w3 === 0 ? w2 >>> 12 : (w3 >>> 0) * 0x10_0000 + (w2 >>> 12);
      if (mask === 0) iotlb.invalidateRange(w0 >>> 16, frame, 1);
      else iotlb.invalidateRange(w0 >>> 16, frame - withinPage(frame, mask), powerOfTwo(mask));
    }
    this.#parts.count();
    return true;
  }

  /** 6.5.2.8: IF bit 4, SW bit 5, FN bit 6; status data 63..32, status address 127..66. */
  #wait(w0: number, w1: number, w2: number, w3: number): boolean {
    if (w0 >>> 7 !== 0 || (w2 & 3) !== 0) return false;
    const { memory, registers } = this.#parts;
    if ((w0 & 0x20) !== 0) memory.store32(entryFrame(w2, w3), (w2 & 0xfff) >>> 2, w1);
    if ((w0 & 0x10) !== 0) registers.set("ICS", 1n); // IWC
    return true;
  }
}

/** FM: how many low bits of the function number are ignored (none, bit 2, bits 2..1, bits 2..0). */
function functionMask(mode: number): number {
  return [0, 0b100, 0b110, 0b111][mode] ?? 0;
}
