// An AMD-Vi unit whose tables and rings a test writes bit by bit, without the kernel's driver.
//
// For tests of the hardware model: entries are literal numbers from the manual, so a mistake in the
// driver's encoder cannot hide the same mistake in the model.

import { PhysicalMemory } from "../../memory/physical-memory.ts";
import { AmdIommu, type AmdOptions } from "./amd-iommu.ts";

/** PR, IR and IW of an entry. */
export const PRESENT = 1n;
export const READ: bigint = 1n << 61n;
export const WRITE: bigint = 1n << 62n;
export const BOTH: bigint = READ | WRITE | PRESENT;

const CONTROL = 0x18;

export class HandBuiltAmd {
  readonly memory: PhysicalMemory = new PhysicalMemory();
  readonly unit: AmdIommu;
  /** One frame: requesters 0 to 127. */
  readonly devices: number;
  readonly commands: number;
  readonly events: number;
  #tail = 0;

  constructor(options: Partial<AmdOptions> = {}) {
    this.unit = new AmdIommu({ ...options, memory: this.memory });
    this.devices = this.table();
    this.commands = this.table();
    this.events = this.table();
    this.write(0x00, BigInt(this.devices) << 12n);
    this.write(0x08, (BigInt(this.commands) << 12n) | (8n << 56n));
    this.write(0x10, (BigInt(this.events) << 12n) | (8n << 56n));
    this.write(CONTROL, 0x1005n);
  }

  table(): number {
    return this.memory.tables.allocate();
  }

  /** Writes 8-byte entry `index` of a frame. */
  put(frame: number, index: number, value: bigint): void {
    this.memory.store32(frame, 2 * index, Number(value & 0xffff_ffffn));
    this.memory.store32(frame, 2 * index + 1, Number(value >> 32n));
  }

  /** The lower 128 bits of a device table entry. */
  putDevice(requester: number, low: bigint, high: bigint): void {
    this.put(this.devices, 4 * requester, low);
    this.put(this.devices, 4 * requester + 1, high);
  }

  /** V, TV, mode and root; IR and IW set. */
  attach(requester: number, top: number, mode: number, domain: number): void {
    const low = 3n | (BigInt(mode) << 9n) | (BigInt(top) << 12n) | READ | WRITE;
    this.putDevice(requester, low, BigInt(domain));
  }

  /** A pointer to a table of `level`. */
  pointer(table: number, level: number): bigint {
    return (BigInt(table) << 12n) | (BigInt(level) << 9n) | BOTH;
  }

  /** Puts commands into the ring and moves the tail. */
  command(...commands: readonly (readonly [bigint, bigint])[]): void {
    for (const [low, high] of commands) {
      this.put(this.commands, 2 * this.#tail, low);
      this.put(this.commands, 2 * this.#tail + 1, high);
      this.#tail = (this.#tail + 1) % 256;
    }
    this.write(0x2008, BigInt(this.#tail * 16));
  }

  /** Event `index` of the log as two 64-bit words. */
  event(index: number): readonly [bigint, bigint] {
    const word = (number: number): bigint =>
      BigInt(this.memory.load32(this.events, 4 * index + number));
    return [word(0) | (word(1) << 32n), word(2) | (word(3) << 32n)];
  }

  write(offset: number, value: bigint): void {
    this.unit.registers.write(offset, 8, value);
  }

  read(offset: number): bigint {
    return this.unit.registers.read(offset, 8);
  }
}
