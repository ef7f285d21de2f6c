// The invalidation queue: descriptors in memory that tell the unit what to forget (VT-d 6.5.2).
//
// Software writes 128-bit descriptors into a ring and moves the tail; the unit takes them one after
// the other, at once. A descriptor it does not understand stops the queue with the head on it, until
// software clears FSTS.IQE.

import type { PhysicalMemory } from "../../memory/physical-memory.ts";
import type { Iotlb } from "../iotlb.ts";
import { entryFrame } from "../radix.ts";
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

/** 128 bits, lowest word first. */
type Descriptor = readonly [number, number, number, number];

export class InvalidationQueue {
  readonly #parts: InvalidationParts;

  constructor(parts: InvalidationParts) {
    this.#parts = parts;
  }

  /** Takes descriptors until the head meets the tail or one is refused. */
  run(): void {
    const { registers } = this.#parts;
    const base = registers.get("IQA");
    const entries = 256 << Number(base & 7n); // QS: 2^QS pages of 256 descriptors
    const tail = Number(registers.get("IQT") >> 4n);
    if (tail >= entries) this.#stop();
    // Registers are bigints in a map, so they are read once and not for each descriptor.
    if ((registers.get("FSTS") & QUEUE_ERROR) !== 0n) return;
    const baseFrame = Number(base >> 12n);
    let head = Number(registers.get("IQH") >> 4n);
    while (head !== tail && this.#obey(this.#load(baseFrame, head)))
      head = nextIndex(head, entries);
    registers.set("IQH", BigInt(head) << 4n);
    if (head !== tail) this.#stop();
  }

  #stop(): void {
    const { registers } = this.#parts;
    registers.set("FSTS", registers.get("FSTS") | QUEUE_ERROR);
  }

  #load(baseFrame: number, index: number): Descriptor {
    const frame = baseFrame + (index >>> 8);
    const at = (index & 255) * 4;
    const { memory } = this.#parts;
    return [
      memory.load32(frame, at),
      memory.load32(frame, at + 1),
      memory.load32(frame, at + 2),
      memory.load32(frame, at + 3),
    ];
  }

  /** False when the descriptor is not one of this unit's (6.5.2.1 to 6.5.2.8). */
  #obey(descriptor: Descriptor): boolean {
    const type = (descriptor[0] & 0xf) | ((descriptor[0] >>> 5) & 0x70);
    switch (type) {
      case 1:
        return this.#contextCache(descriptor);
      case 2:
        return this.#iotlb(descriptor);
      case 4: // interrupt entry cache: nothing is cached here
        return true;
      case 5:
        return this.#wait(descriptor);
      default:
        return false;
    }
  }

  /** 6.5.2.1: G bits 5..4, DID 31..16, SID 47..32, FM 49..48. */
  #contextCache([w0, w1, w2, w3]: Descriptor): boolean {
    if ((w0 & 0xf1c0) !== 0 || w1 >>> 18 !== 0 || (w2 | w3) !== 0) return false;
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
  #iotlb([w0, w1, w2, w3]: Descriptor): boolean {
    if ((w0 & 0xf100) !== 0 || w1 !== 0) return false;
    const { iotlb, largestAddressMask } = this.#parts;
    const granularity = (w0 >>> 4) & 3;
    const mask = w2 & 0x3f;
    if (granularity === 0) return false;
    if (granularity === 1) iotlb.invalidateAll();
    else if (granularity === 2) iotlb.invalidateDomain(w0 >>> 16);
    else if (mask > largestAddressMask || (w2 & 0xf80) !== 0) return false;
    else {
      const size = 2 ** mask;
      const first = Math.floor((w3 * 0x10_0000 + (w2 >>> 12)) / size) * size;
      iotlb.invalidateRange(w0 >>> 16, first, size);
    }
    this.#parts.count();
    return true;
  }

  /** 6.5.2.8: IF bit 4, SW bit 5, FN bit 6; status data 63..32, status address 127..66. */
  #wait([w0, w1, w2, w3]: Descriptor): boolean {
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
