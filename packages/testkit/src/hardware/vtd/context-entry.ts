// Which domain a requester belongs to: root table, context table, and the cache of both.
//
// VT-d 9.1 (root entry) and 9.3 (context entry), legacy mode: bus number picks the root entry,
// device and function pick the context entry. Only usable entries are cached, until invalidated.

import type { PhysicalMemory } from "../../memory/physical-memory.ts";
import { entryFrame } from "../radix.ts";
import * as fault from "./faults.ts";
import type { VtdCapabilities } from "./registers.ts";

/** A decoded context entry. */
export interface Context {
  readonly kind: "translate" | "pass-through";
  readonly domain: number;
  /** Frame of the top second-stage table. */
  readonly tableFrame: number;
  readonly levels: number;
  /** FPD: faults of this requester are not recorded. */
  readonly silent: boolean;
}

/** Why there is no context. */
export interface ContextFault {
  readonly kind: "fault";
  readonly code: number;
  readonly silent: boolean;
}

const ENTRY_WORDS = 4;

export class ContextTables {
  readonly #memory: PhysicalMemory;
  readonly #has: VtdCapabilities;
  /** Bits 63..HAW of an address, in the high word. */
  readonly #beyondHost: number;

  constructor(memory: PhysicalMemory, has: VtdCapabilities) {
    this.#memory = memory;
    this.#has = has;
    this.#beyondHost = ~(2 ** (has.hostAddressWidth - 32) - 1);
  }

  /** Reads both entries for a requester (bus << 8 | device << 3 | function). */
  look(rootFrame: number, requester: number): Context | ContextFault {
    if (!this.#memory.isLive(rootFrame)) return refused(fault.ROOT_TABLE_ACCESS);
    const root = this.#entry(rootFrame, requester >>> 8);
    if ((root.w0 & 1) === 0) return refused(fault.ROOT_NOT_PRESENT);
    const reserved = (root.w0 & 0xffe) | (root.w1 & this.#beyondHost) | root.w2 | root.w3;
    if (reserved !== 0) return refused(fault.ROOT_RESERVED);
    const contextFrame = entryFrame(root.w0, root.w1);
    if (!this.#memory.isLive(contextFrame)) return refused(fault.CONTEXT_TABLE_ACCESS);
    return this.#decode(this.#entry(contextFrame, requester & 0xff));
  }

  #decode(entry: EntryWords): Context | ContextFault {
    const { w0, w1, w2, w3 } = entry;
    const silent = (w0 & 2) !== 0; // FPD
    if ((w0 & 1) === 0) return refused(fault.CONTEXT_NOT_PRESENT, silent);
    const reserved = (w0 & 0xff0) | (w1 & this.#beyondHost) | (w2 & 0xff00_0080) | w3;
    if (reserved !== 0) return refused(fault.CONTEXT_RESERVED, silent);
    const type = (w0 >>> 2) & 3; // TT
    const width = w2 & 7; // AW: 1, 2, 3 are 39, 48, 57 bits
    const usable = type === 0 || (type === 2 && this.#has.passThrough);
    if (!usable || !this.#hasWidth(width)) return refused(fault.CONTEXT_INVALID, silent);
    return {
      kind: type === 0 ? "translate" : "pass-through",
      domain: (w2 >>> 8) & 0xffff, // DID
      tableFrame: entryFrame(w0, w1),
      levels: width + 2,
      silent,
    };
  }

  #hasWidth(width: number): boolean {
    return width >= 1 && width <= 3 && 30 + 9 * width <= this.#has.addressWidth;
  }

  #entry(frame: number, index: number): EntryWords {
    const at = index * ENTRY_WORDS;
    const word = (number: number): number => this.#memory.load32(frame, at + number);
    return { w0: word(0), w1: word(1), w2: word(2), w3: word(3) };
  }
}

/** 128 bits, lowest word first. */
interface EntryWords {
  readonly w0: number;
  readonly w1: number;
  readonly w2: number;
  readonly w3: number;
}

function refused(code: number, silent = false): ContextFault {
  return { kind: "fault", code, silent };
}
