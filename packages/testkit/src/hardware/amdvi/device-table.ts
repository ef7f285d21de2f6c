// AMD-Vi's device table: 256 bits for each requester, in one array in memory (2.2.2.1).
//
// V and TV say which part of an entry counts. V clear lets every address pass untranslated; V and TV
// with mode 0 passes addresses under IR and IW, which is how software blocks a device.

import type { PhysicalMemory } from "../../memory/physical-memory.ts";
import { entryFrame } from "../radix.ts";
import type { RegisterFile } from "../register-file.ts";
import { RECORD_ALL, RECORD_NEXT, RECORD_NONE } from "../requester-cache.ts";
import { DEV_TAB_HARDWARE_ERROR, FLAG_RESERVED, ILLEGAL_DEV_TABLE_ENTRY } from "./events.ts";
import { type AmdRegisterName, ringFrame } from "./registers.ts";

export interface DeviceEntry {
  readonly kind: "translate" | "pass-through";
  readonly domain: number;
  readonly tableFrame: number;
  /** Mode: 1 to 6. */
  readonly levels: number;
  /** IR is 1, IW is 2. */
  readonly permissions: number;
  /** SE and SA: which page faults are logged; a value of RequesterCache.recording. */
  readonly recording: number;
}

export interface DeviceEntryFault {
  readonly kind: "fault";
  readonly code: number;
  readonly flags: number;
}

/** Bits 8..2 and 63, 60..52 have no meaning without guest translation and dirty tracking. */
const RESERVED_LOW = 0x1fc;
const RESERVED_HIGH = 0x9ff0_0000;
const ENTRIES_PER_FRAME = 128;

export class DeviceTable {
  readonly #memory: PhysicalMemory;
  readonly #registers: RegisterFile<AmdRegisterName>;
  readonly #mostLevels: number;

  constructor(
    memory: PhysicalMemory,
    registers: RegisterFile<AmdRegisterName>,
    mostLevels: number,
  ) {
    this.#memory = memory;
    this.#registers = registers;
    this.#mostLevels = mostLevels;
  }

  look(requester: number): DeviceEntry | DeviceEntryFault {
    const base = this.#registers.get("DeviceTableBase");
    const frames = Number(base & 0x1ffn) + 1; // Size: 4 KiB units, less one
    const page = Math.floor(requester / ENTRIES_PER_FRAME);
    if (page >= frames) return refused(ILLEGAL_DEV_TABLE_ENTRY, 0);
    const frame = ringFrame(base) + page;
    if (!this.#memory.isLive(frame)) return refused(DEV_TAB_HARDWARE_ERROR, 0);
    const at = (requester % ENTRIES_PER_FRAME) * 8;
    const word = (number: number): number => this.#memory.load32(frame, at + number);
    return this.#decode(word(0), word(1), word(2), word(3));
  }

  /** Table 7 of 2.2.2.1, bits 127..0. */
  #decode(w0: number, w1: number, w2: number, w3: number): DeviceEntry | DeviceEntryFault {
    const isValid = (w0 & 1) !== 0;
    const translates = (w0 & 2) !== 0;
    if (!isValid) return passThrough(3, RECORD_ALL);
    if (((w0 & RESERVED_LOW) | (w1 & RESERVED_HIGH)) !== 0)
      return refused(ILLEGAL_DEV_TABLE_ENTRY, FLAG_RESERVED);
    const recording = recordingOf(w3);
    if (!translates) return passThrough(0, recording);
    const levels = (w0 >>> 9) & 7;
    const permissions = (w1 >>> 29) & 3;
    if (levels === 0) return passThrough(permissions, recording);
    if (levels > this.#mostLevels) return refused(ILLEGAL_DEV_TABLE_ENTRY, 0);
    const domain = w2 & 0xffff;
    const tableFrame = entryFrame(w0, w1);
    return { kind: "translate", domain, tableFrame, levels, permissions, recording };
  }
}

/** SA (98) silences page faults, SE (97) all but the next one. */
function recordingOf(w3: number): number {
  if ((w3 & 4) !== 0) return RECORD_NONE;
  return (w3 & 2) !== 0 ? RECORD_NEXT : RECORD_ALL;
}

function passThrough(permissions: number, recording: number): DeviceEntry {
  return { kind: "pass-through", domain: 0, tableFrame: 0, levels: 0, permissions, recording };
}

function refused(code: number, flags: number): DeviceEntryFault {
  return { kind: "fault", code, flags };
}
