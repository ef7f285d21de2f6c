// Bit errors in a PAMU's own memory: counted, detected, captured.
//
// A single-bit error is corrected; it is reported once the count of EECTL has reached the threshold.
// What happens to the transaction of a multi-bit error is not public, so nothing happens here.

import type { RegisterFile } from "../register-file.ts";
import { MULTI_BIT_ERROR, type PamuRegisterName, SINGLE_BIT_ERROR } from "./registers.ts";
import type { Place } from "./table.ts";

const CAPTURED = 0x1;
const COUNT = 0xff;

export type BitError = "single" | "multiple";

export class EccStatus {
  readonly #registers: RegisterFile<PamuRegisterName>;

  constructor(registers: RegisterFile<PamuRegisterName>) {
    this.#registers = registers;
  }

  /** A bit error at this address, with the 64 bits that were read as two words. */
  report(error: BitError, at: Place, data: readonly [high: number, low: number]): void {
    const bit = error === "single" ? SINGLE_BIT_ERROR : MULTI_BIT_ERROR;
    if ((this.#read("EEDIS") & bit) !== 0) return;
    if (error === "single" && !this.#countOne()) return;
    this.#write("EEDET", this.#read("EEDET") | bit);
    if ((this.#read("EEATTR") & CAPTURED) !== 0) return;
    this.#write("EEATTR", CAPTURED);
    this.#write("EEAHI", Math.floor(at.frame / 0x10_0000));
    this.#write("EEALO", (at.frame % 0x10_0000) * 4096 + at.offset);
    this.#write("EEDHI", data[0]);
    this.#write("EEDLO", data[1]);
  }

  /** ECC's share of the hardware error interrupt. */
  get line(): boolean {
    return (this.#read("EEDET") & this.#read("EEINTEN")) !== 0;
  }

  /** Whether the count, which stays at its end, has reached the threshold. */
  #countOne(): boolean {
    const control = this.#read("EECTL");
    const count = Math.min((control & COUNT) + 1, COUNT);
    this.#write("EECTL", (control & ~COUNT) | count);
    return count >= ((control >>> 16) & COUNT);
  }

  #read(name: PamuRegisterName): number {
    return Number(this.#registers.get(name));
  }

  #write(name: PamuRegisterName, value: number): void {
    this.#registers.set(name, BigInt(value >>> 0));
  }
}
