// AMD-Vi's event log: what went wrong, as 128-bit entries in a ring in memory (2.5).
//
// Hardware writes at the tail and software moves the head. When the ring is full the overflow bit
// is set, logging stops and events are lost until software clears it and turns the log on again.

import type { PhysicalMemory } from "../../memory/physical-memory.ts";
import type { RegisterFile } from "../register-file.ts";
import { isFull, nextIndex } from "../ring.ts";
import {
  type AmdRegisterName,
  EVENT_INTERRUPT_ENABLE,
  EVENT_LOG_INTERRUPT,
  EVENT_LOG_RUNNING,
  EVENT_OVERFLOW,
  ringEntries,
  ringFrame,
} from "./registers.ts";

/** Event codes, bits 63..60 of an entry (2.5.1). */
export const ILLEGAL_DEV_TABLE_ENTRY = 0x1;
export const IO_PAGE_FAULT = 0x2;
export const DEV_TAB_HARDWARE_ERROR = 0x3;
export const PAGE_TAB_HARDWARE_ERROR = 0x4;
export const ILLEGAL_COMMAND_ERROR = 0x5;
export const COMMAND_HARDWARE_ERROR = 0x6;

/** Flags in the second word (2.5.3). */
export const FLAG_PRESENT: number = 1 << 20; // PR
export const FLAG_WRITE: number = 1 << 21; // RW
export const FLAG_PERMISSION: number = 1 << 22; // PE
export const FLAG_RESERVED: number = 1 << 23; // RZ

export interface EventEntry {
  readonly code: number;
  readonly requester: number;
  readonly domain: number;
  readonly flags: number;
  readonly address: bigint;
}

export class EventLog {
  readonly #registers: RegisterFile<AmdRegisterName>;
  readonly #memory: PhysicalMemory;
  readonly #interrupt: () => void;

  constructor(
    registers: RegisterFile<AmdRegisterName>,
    memory: PhysicalMemory,
    interrupt: () => void,
  ) {
    this.#registers = registers;
    this.#memory = memory;
    this.#interrupt = interrupt;
  }

  /** Software turned the log on. An overflow that was not cleared keeps it from running. */
  start(): void {
    if ((this.#status() & EVENT_OVERFLOW) === 0n) this.#setStatus(EVENT_LOG_RUNNING);
  }

  stop(): void {
    this.#registers.set("Status", this.#status() & ~EVENT_LOG_RUNNING);
  }

  add(event: EventEntry): void {
    if ((this.#status() & EVENT_LOG_RUNNING) === 0n) return;
    const base = this.#registers.get("EventLogBase");
    const entries = ringEntries(base);
    const head = Number(this.#registers.get("EventHead") >> 4n);
    const tail = Number(this.#registers.get("EventTail") >> 4n);
    if (isFull(head, tail, entries)) {
      this.stop();
      this.#setStatus(EVENT_OVERFLOW);
      this.#signal();
      return;
    }
    this.#write(ringFrame(base) + (tail >>> 8), (tail & 255) * 4, event);
    this.#registers.set("EventTail", BigInt(nextIndex(tail, entries)) << 4n);
    this.#setStatus(EVENT_LOG_INTERRUPT);
    this.#signal();
  }

  #write(frame: number, word: number, event: EventEntry): void {
    this.#memory.store32(frame, word, event.requester);
    this.#memory.store32(frame, word + 1, (event.code << 28) | event.flags | event.domain);
    this.#memory.store32(frame, word + 2, Number(event.address & 0xffff_ffffn));
    this.#memory.store32(frame, word + 3, Number(event.address >> 32n));
  }

  #signal(): void {
    if ((this.#registers.get("Control") & EVENT_INTERRUPT_ENABLE) !== 0n) this.#interrupt();
  }

  #status(): bigint {
    return this.#registers.get("Status");
  }

  #setStatus(bits: bigint): void {
    this.#registers.set("Status", this.#status() | bits);
  }
}
