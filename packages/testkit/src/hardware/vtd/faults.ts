// Fault reasons of VT-d legacy mode and the registers that record them.
//
// Primary fault logging, VT-d 7.2.1: each fault goes into the next recording register; when that one
// is still occupied the overflow bit is set and faults are lost until software clears it.

import type { BusAccess } from "../iommu-hardware.ts";
import type { RegisterFile } from "../register-file.ts";
import {
  EVENT_MASKED,
  EVENT_PENDING,
  FAULT_OVERFLOW,
  FAULT_PENDING,
  type VtdRegisterName,
} from "./registers.ts";

/** Fault reason codes, VT-d 7.1.3 table "Non-recoverable fault conditions", legacy mode. */
export const ROOT_NOT_PRESENT = 0x1;
export const CONTEXT_NOT_PRESENT = 0x2;
export const CONTEXT_INVALID = 0x3;
export const ADDRESS_TOO_WIDE = 0x4;
export const NO_WRITE_PERMISSION = 0x5;
export const NO_READ_PERMISSION = 0x6;
export const PAGE_TABLE_ACCESS = 0x7;
export const ROOT_TABLE_ACCESS = 0x8;
export const CONTEXT_TABLE_ACCESS = 0x9;
export const ROOT_RESERVED = 0xa;
export const CONTEXT_RESERVED = 0xb;
export const PAGE_TABLE_RESERVED = 0xc;
export const OUTPUT_IN_INTERRUPT_RANGE = 0xe;

const REASONS = new Map<number, string>([
  [ROOT_NOT_PRESENT, "root entry not present"],
  [CONTEXT_NOT_PRESENT, "context entry not present"],
  [CONTEXT_INVALID, "context entry programmed with a width or type this unit does not have"],
  [ADDRESS_TOO_WIDE, "address beyond the domain's address width"],
  [NO_WRITE_PERMISSION, "write without write permission"],
  [NO_READ_PERMISSION, "read without read permission"],
  [PAGE_TABLE_ACCESS, "no memory behind a page table"],
  [ROOT_TABLE_ACCESS, "no memory behind the root table"],
  [CONTEXT_TABLE_ACCESS, "no memory behind a context table"],
  [ROOT_RESERVED, "reserved bits set in a root entry"],
  [CONTEXT_RESERVED, "reserved bits set in a context entry"],
  [PAGE_TABLE_RESERVED, "reserved bits set in a paging entry"],
  [OUTPUT_IN_INTERRUPT_RANGE, "translated into the interrupt address range"],
]);

export function reasonText(code: number): string {
  return REASONS.get(code) ?? `fault reason 0x${code.toString(16)}`;
}

const F_BIT = 1n << 63n;
const READ_TYPE = 1n << 62n;

export class FaultRecords {
  readonly #registers: RegisterFile<VtdRegisterName>;
  readonly #count: number;
  readonly #interrupt: () => void;
  #next = 0;

  constructor(registers: RegisterFile<VtdRegisterName>, count: number, interrupt: () => void) {
    this.#registers = registers;
    this.#count = count;
    this.#interrupt = interrupt;
  }

  record(requester: number, frame: number, access: BusAccess, code: number): void {
    const status = this.#registers.get("FSTS");
    if ((status & FAULT_OVERFLOW) !== 0n) return;
    const high = this.#registers.get(`FRCD${this.#next}.HIGH`);
    if ((high & F_BIT) !== 0n) {
      this.#raise(status | FAULT_OVERFLOW);
      return;
    }
    const type = access === "read" ? READ_TYPE : 0n;
    this.#registers.set(`FRCD${this.#next}.LOW`, BigInt(frame) << 12n);
    this.#registers.set(
      `FRCD${this.#next}.HIGH`,
      F_BIT | type | (BigInt(code) << 32n) | BigInt(requester),
    );
    this.#pending(status);
    this.#next = (this.#next + 1) % this.#count;
  }

  /** Software wrote a record: PPF is the OR of all F bits. */
  refresh(): void {
    const occupied = Array.from({ length: this.#count }, (_, index) => index).some(
      (index) => (this.#registers.get(`FRCD${index}.HIGH`) & F_BIT) !== 0n,
    );
    const status = this.#registers.get("FSTS");
    if (!occupied) this.#registers.set("FSTS", status & ~FAULT_PENDING);
  }

  /** FRI names the record that made PPF go from 0 to 1 (11.4.9). */
  #pending(status: bigint): void {
    if ((status & FAULT_PENDING) !== 0n) return;
    this.#raise((status & ~0xff00n) | (BigInt(this.#next) << 8n) | FAULT_PENDING);
  }

  /** Sets status bits and sends the fault event, or keeps it pending while masked (7.3). */
  #raise(status: bigint): void {
    this.#registers.set("FSTS", status);
    const control = this.#registers.get("FECTL");
    if ((control & EVENT_MASKED) === 0n) this.#interrupt();
    else this.#registers.set("FECTL", control | EVENT_PENDING);
  }
}
