// A VT-d unit whose tables a test writes bit by bit, without the kernel's driver.
//
// For tests of the hardware model: entries are literal numbers from the manual, so a mistake in the
// driver's encoder cannot hide the same mistake in the model.

import { PhysicalMemory } from "../../memory/physical-memory.ts";
import { VtdIommu, type VtdOptions } from "./vtd-iommu.ts";

const GCMD = 0x18;
const RTADDR = 0x20;
const IQT = 0x88;
const IQA = 0x90;

export class HandBuiltVtd {
  readonly memory: PhysicalMemory = new PhysicalMemory();
  readonly unit: VtdIommu;
  readonly root: number;
  readonly context: number;
  readonly ring: number;
  #tail = 0;

  constructor(options: Partial<VtdOptions> = {}) {
    this.unit = new VtdIommu({ cachingMode: false, ...options, memory: this.memory });
    this.root = this.table();
    this.context = this.table();
    this.ring = this.table();
    this.put(this.root, 0, (BigInt(this.context) << 12n) | 1n);
    this.write(RTADDR, BigInt(this.root) << 12n);
    this.write(IQA, BigInt(this.ring) << 12n);
    this.unit.registers.write(GCMD, 4, 1n << 30n);
    this.unit.registers.write(GCMD, 4, 1n << 26n);
    this.unit.registers.write(GCMD, 4, (1n << 31n) | (1n << 26n));
  }

  table(): number {
    return this.memory.tables.allocate();
  }

  /** Writes 8-byte entry `index` of a frame. */
  put(frame: number, index: number, value: bigint): void {
    this.memory.store32(frame, 2 * index, Number(value & 0xffff_ffffn));
    this.memory.store32(frame, 2 * index + 1, Number(value >> 32n));
  }

  /** Both halves of the context entry of a requester on bus 0. */
  putContext(requester: number, low: bigint, high: bigint): void {
    this.put(this.context, 2 * requester, low);
    this.put(this.context, 2 * requester + 1, high);
  }

  /** A present context entry: address width code 1, 2 or 3, and a domain id. */
  attach(requester: number, top: number, width: number, domain: number): void {
    const high = BigInt(width) | (BigInt(domain) << 8n);
    this.putContext(requester, (BigInt(top) << 12n) | 1n, high);
  }

  /** Tables from `levels` down to `leafLevel` for one frame number; answers the last one. */
  tables(top: number, levels: number, frame: number, leafLevel: number): number {
    let table = top;
    for (let level = levels; level > leafLevel; level--) {
      const next = this.table();
      this.put(table, indexOf(frame, level), (BigInt(next) << 12n) | 3n);
      table = next;
    }
    return table;
  }

  /** Puts descriptors into the queue and moves the tail. */
  invalidate(...descriptors: readonly (readonly [bigint, bigint])[]): void {
    for (const [low, high] of descriptors) {
      this.put(this.ring, 2 * this.#tail, low);
      this.put(this.ring, 2 * this.#tail + 1, high);
      this.#tail = (this.#tail + 1) % 256;
    }
    this.write(IQT, BigInt(this.#tail * 16));
  }

  write(offset: number, value: bigint): void {
    this.unit.registers.write(offset, 8, value);
  }

  read(offset: number): bigint {
    return this.unit.registers.read(offset, 8);
  }

  read32(offset: number): bigint {
    return this.unit.registers.read(offset, 4);
  }
}

/** Entry index of a frame number in a table of `level`. */
export function indexOf(frame: number, level: number): number {
  return Math.floor(frame / 512 ** (level - 1)) % 512;
}
