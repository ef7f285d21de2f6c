// AMD-Vi's command buffer: 128-bit commands in a ring, taken one after the other (2.4).
//
// A command the unit does not know, or with reserved bits set, is logged as ILLEGAL_COMMAND_ERROR
// and stops the buffer with the head on it, until software turns it off and on again.

import type { PhysicalMemory } from "../../memory/physical-memory.ts";
import type { Iotlb } from "../iotlb.ts";
import { entryFrame } from "../radix.ts";
import type { RegisterFile } from "../register-file.ts";
import type { RequesterCache } from "../requester-cache.ts";
import { nextIndex } from "../ring.ts";
import { COMMAND_HARDWARE_ERROR, type EventLog, ILLEGAL_COMMAND_ERROR } from "./events.ts";
import {
  type AmdRegisterName,
  COMMAND_BUFFER_RUNNING,
  COMPLETION_INTERRUPT,
  ringEntries,
  ringFrame,
} from "./registers.ts";

export interface CommandParts {
  readonly registers: RegisterFile<AmdRegisterName>;
  readonly memory: PhysicalMemory;
  readonly devices: RequesterCache;
  readonly iotlb: Iotlb;
  readonly events: EventLog;
  /** Called for each invalidation carried out. */
  readonly count: () => void;
}

/** 128 bits, lowest word first; the opcode is in bits 63..60. */
type Command = readonly [number, number, number, number];

export class CommandBuffer {
  readonly #parts: CommandParts;

  constructor(parts: CommandParts) {
    this.#parts = parts;
  }

  start(): void {
    const { registers } = this.#parts;
    registers.set("Status", registers.get("Status") | COMMAND_BUFFER_RUNNING);
    this.run();
  }

  stop(): void {
    const { registers } = this.#parts;
    registers.set("Status", registers.get("Status") & ~COMMAND_BUFFER_RUNNING);
  }

  /** Takes commands until the head meets the tail or one is refused. */
  run(): void {
    const { registers } = this.#parts;
    const base = registers.get("CommandBufferBase");
    const entries = ringEntries(base);
    const tail = Number(registers.get("CommandTail") >> 4n) % entries;
    while ((registers.get("Status") & COMMAND_BUFFER_RUNNING) !== 0n) {
      const head = Number(registers.get("CommandHead") >> 4n) % entries;
      if (head === tail) return;
      if (this.#take(ringFrame(base) + (head >>> 8), head & 255))
        registers.set("CommandHead", BigInt(nextIndex(head, entries)) << 4n);
      else this.stop();
    }
  }

  #take(frame: number, index: number): boolean {
    const { memory, events } = this.#parts;
    const address = (BigInt(frame) << 12n) | BigInt(index * 16);
    const error = { requester: 0, domain: 0, flags: 0, address };
    if (!memory.isLive(frame)) {
      events.add({ ...error, code: COMMAND_HARDWARE_ERROR });
      return false;
    }
    const word = (number: number): number => memory.load32(frame, index * 4 + number);
    const done = this.#obey([word(0), word(1), word(2), word(3)]);
    if (!done) events.add({ ...error, code: ILLEGAL_COMMAND_ERROR });
    return done;
  }

  #obey(command: Command): boolean {
    switch (command[1] >>> 28) {
      case 1:
        return this.#completionWait(command);
      case 2:
        return this.#invalidateDevice(command);
      case 3:
        return this.#invalidatePages(command);
      case 4: // INVALIDATE_IOTLB_PAGES: no device here has a TLB of its own
      case 5: // INVALIDATE_INTERRUPT_TABLE: nothing is cached here
        return true;
      case 8:
        return this.#invalidateAll(command);
      default:
        return false;
    }
  }

  /** 2.4.1: S bit 0, I bit 1, F bit 2, store address 51..3, data 127..64. */
  #completionWait([w0, w1, w2, w3]: Command): boolean {
    if ((w1 & 0x0ff0_0000) !== 0) return false;
    const { memory, registers } = this.#parts;
    if ((w0 & 1) !== 0) {
      const frame = entryFrame(w0, w1);
      const word = (w0 & 0xff8) >>> 2;
      memory.store32(frame, word, w2);
      memory.store32(frame, word + 1, w3);
    }
    if ((w0 & 2) !== 0) registers.set("Status", registers.get("Status") | COMPLETION_INTERRUPT);
    return true;
  }

  /** 2.4.2: device id 15..0. */
  #invalidateDevice([w0, w1, w2, w3]: Command): boolean {
    if (w0 >>> 16 !== 0 || (w1 & 0x0fff_ffff) !== 0 || (w2 | w3) !== 0) return false;
    this.#parts.devices.invalidate(w0);
    this.#parts.count();
    return true;
  }

  /** 2.4.3: domain 47..32, S bit 64, PDE bit 65, GN bit 66, address 127..76. */
  #invalidatePages([w0, w1, w2, w3]: Command): boolean {
    if (w0 !== 0 || (w1 & 0x0fff_0000) !== 0 || (w2 & 0xffc) !== 0) return false;
    const { iotlb } = this.#parts;
    const domain = w1 & 0xffff;
    const order = (w2 & 1) === 0 ? 0 : sizeOrder(w2, w3);
    const address = w3 * 0x10_0000 + (w2 >>> 12);
    if (order >= 52) iotlb.invalidateDomain(domain);
    else iotlb.invalidateRange(domain, address - (address % 2 ** order), 2 ** order);
    this.#parts.count();
    return true;
  }

  /** 2.4.8 */
  #invalidateAll([w0, w1, w2, w3]: Command): boolean {
    if (w0 !== 0 || (w1 & 0x0fff_ffff) !== 0 || (w2 | w3) !== 0) return false;
    this.#parts.devices.invalidateAll();
    this.#parts.iotlb.invalidateAll();
    this.#parts.count();
    return true;
  }
}

/** S set: the lowest clear bit n of address bits 63..12, counted from 12, means 2^(n+1) frames. */
function sizeOrder(w2: number, w3: number): number {
  const clearLow = ~(w2 >>> 12) & 0xfffff;
  if (clearLow !== 0) return 32 - Math.clz32(clearLow & -clearLow);
  const clearHigh = ~w3;
  return clearHigh === 0 ? 52 : 52 - Math.clz32(clearHigh & -clearHigh);
}
