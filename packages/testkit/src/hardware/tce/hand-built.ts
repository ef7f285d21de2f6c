// A PHB whose tables a test writes bit by bit, without firmware and without the kernel's driver.
//
// For tests of the hardware model: entries are literal numbers from the manual, so a mistake in
// firmware's encoder cannot hide the same mistake in the model.

import { PhysicalMemory } from "../../memory/physical-memory.ts";
import { Phb, type PhbOptions } from "./phb.ts";

const RTT_BAR = 0x168;
const RTC_INVALIDATE = 0x208;
const TCE_KILL = 0x210;
const IODA_ADDR = 0x220;
const IODA_DATA0 = 0x228;
const TVT = 9n << 48n;

export class HandBuiltPhb {
  readonly memory: PhysicalMemory = new PhysicalMemory();
  readonly phb: Phb;
  readonly #rtt: number;

  constructor(options: Partial<PhbOptions> = {}) {
    this.phb = new Phb({ model: "phb4", faultModel: "report", ...options, memory: this.memory });
    this.#rtt = this.memory.chunks.allocate(32);
    this.write(RTT_BAR, (1n << 63n) | (BigInt(this.#rtt) << 12n));
  }

  /** A requester's PE: a big-endian half word of the RTT. */
  assign(requester: number, pe: number): void {
    const bytes = Uint8Array.of(pe >>> 8, pe & 0xff);
    this.memory.write(this.#rtt + (requester >>> 11), (2 * requester) & 0xfff, bytes);
    this.write(RTC_INVALIDATE, 0n);
  }

  /** A table of 2^indexBits entries; answers its first frame. */
  table(indexBits: number): number {
    return this.memory.chunks.allocate(Math.max(1, 2 ** (indexBits + 3 - 12)));
  }

  /** Writes entry `index` of a table as eight big-endian bytes. */
  put(table: number, index: number, value: bigint): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, value, false);
    const at = index * 8;
    this.memory.write(table + (at >>> 12), at & 0xfff, bytes);
  }

  /** TVE `2 * pe + n`, as it stands. */
  putTve(entry: number, value: bigint): void {
    this.write(IODA_ADDR, TVT | BigInt(entry));
    this.write(IODA_DATA0, value);
  }

  /** A TVE by its fields: table address, levels, log2 of the entries of a table, log2 of a page. */
  window(entry: number, table: number, levels: number, indexBits: number, pageShift: number): void {
    const code = BigInt(((levels - 1) << 13) | ((indexBits - 8) << 8) | (pageShift - 11));
    this.putTve(entry, (BigInt(table) << 16n) | code);
  }

  /** Every TCE of a PE is forgotten. */
  killPe(pe: number): void {
    this.write(TCE_KILL, (1n << 62n) | BigInt(pe));
  }

  killPage(pe: number, address: bigint): void {
    this.write(TCE_KILL, (1n << 61n) | address | BigInt(pe));
  }

  write(offset: number, value: bigint): void {
    this.phb.registers.write(offset, 8, value);
  }
}
