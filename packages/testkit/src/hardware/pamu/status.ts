// What a PAMU records of the transactions it refused, and the two interrupts that tell of it.
//
// AVS1 and AVA hold the first violation since software cleared AV; POES1 and POEA the first table entry
// that could not be read. PICS has a status bit and an enable for each; its status bits have errata.

import type { RegisterFile } from "../register-file.ts";
import {
  ERROR_ENABLE,
  ERROR_STATUS,
  type PamuRegisterName,
  VIOLATION_ENABLE,
  VIOLATION_STATUS,
} from "./registers.ts";
import type { PamuErrata } from "./soc.ts";
import type { Place } from "./table.ts";
import { RECORDED } from "./violations.ts";

const STATUS_BITS = VIOLATION_STATUS | ERROR_STATUS;
const ENABLE_BITS = VIOLATION_ENABLE | ERROR_ENABLE;

export class PamuStatus {
  readonly #registers: RegisterFile<PamuRegisterName>;
  readonly #errata: PamuErrata;
  /** PAMU3: status bits that were asked once to go away. */
  #askedOnce = 0;

  constructor(registers: RegisterFile<PamuRegisterName>, errata: PamuErrata) {
    this.#registers = registers;
    this.#errata = errata;
  }

  /** A violation of step 2 to 14. While AV is set a further one is lost: answers whether it was not. */
  recordViolation(liodn: number, at: Place, code: number): boolean {
    if ((this.#read("AVS1") & RECORDED) !== 0) return false;
    this.#write("AVS1", liodn * 0x1_0000 + (code | RECORDED));
    this.#writeAddress("AVAH", "AVAL", at);
    this.#raise(VIOLATION_STATUS);
    return true;
  }

  /** A table entry that should lie at this physical address could not be read. */
  recordError(at: Place): boolean {
    if ((this.#read("POES1") & 1) !== 0) return false;
    this.#write("POES1", 1);
    this.#writeAddress("POEAH", "POEAL", at);
    this.#raise(ERROR_STATUS);
    return true;
  }

  /** Software's write of PICS. */
  writePics(written: number): void {
    const before = this.#read("PICS");
    const ones = written & STATUS_BITS;
    let cleared = ones & before;
    if (this.#errata.PAMU3) {
      const second = cleared & this.#askedOnce;
      this.#askedOnce = (this.#askedOnce | cleared) & ~second;
      cleared = second;
    }
    const set = this.#errata["PAMU-A001"] ? ones & ~before : 0;
    this.#write("PICS", (before & STATUS_BITS & ~cleared) | set | (written & ENABLE_BITS));
  }

  /** The level of the access violation interrupt. */
  get violationLine(): boolean {
    const pics = this.#read("PICS");
    return (pics & VIOLATION_STATUS) !== 0 && (pics & VIOLATION_ENABLE) !== 0;
  }

  /** Operation errors' share of the hardware error interrupt. */
  get errorLine(): boolean {
    const pics = this.#read("PICS");
    return (pics & ERROR_STATUS) !== 0 && (pics & ERROR_ENABLE) !== 0;
  }

  #raise(bit: number): void {
    this.#askedOnce &= ~bit;
    this.#write("PICS", this.#read("PICS") | bit);
  }

  #writeAddress(high: PamuRegisterName, low: PamuRegisterName, { frame, offset }: Place): void {
    this.#write(high, Math.floor(frame / 0x10_0000));
    this.#write(low, (frame % 0x10_0000) * 4096 + offset);
  }

  #read(name: PamuRegisterName): number {
    return Number(this.#registers.get(name));
  }

  #write(name: PamuRegisterName, value: number): void {
    this.#registers.set(name, BigInt(value));
  }
}
