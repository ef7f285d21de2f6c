// PAMUs whose tables a test writes word by word, without the kernel's driver.
//
// Each table is an allocation of its own, so that one can be taken away. Sizes and control values are
// those that Linux uses.

import { PhysicalMemory } from "../../../memory/physical-memory.ts";
import type { FrameAllocation } from "../../../memory/physical-memory-types.ts";
import { BLOCKED } from "../../iommu-hardware.ts";
import { PAMUBYPENR } from "../guts.ts";
import { IOE } from "../operations.ts";
import type { Pamu } from "../pamu.ts";
import { QoriqPamus, type QoriqPamusOptions } from "../qoriq-pamus.ts";
import { OFFSET, type PamuRegisterName } from "../registers.ts";
import { entryBytes } from "./entry-codec.ts";

export type OperationName = keyof typeof IOE;

const PRIMARY_BYTES = 0x1_4000; // 0x500 entries
const SECONDARY_BYTES = 0x2_0000; // 0x800 entries
const OPERATION_BYTES = 0x800; // 16 entries

export class HandBuiltPamu {
  readonly memory: PhysicalMemory;
  readonly system: QoriqPamus;
  /** The first PAMU; the others are left alone. */
  readonly pamu: Pamu;
  readonly primary: FrameAllocation;
  readonly secondary: FrameAllocation;
  readonly operations: FrameAllocation;
  /** Interrupt lines that went high. */
  readonly interrupts: string[] = [];

  constructor(options: Partial<QoriqPamusOptions> = {}) {
    this.memory = options.memory ?? new PhysicalMemory({ addressBits: 36 });
    this.system = new QoriqPamus({
      soc: "t2080",
      controllerOf: (requester) => requester,
      onInterrupt: (line) => this.interrupts.push(line),
      ...options,
      memory: this.memory,
    });
    const [first] = this.system.pamus;
    if (first === undefined) throw new Error("a system on a chip without PAMUs");
    this.pamu = first;
    this.primary = this.memory.allocate(PRIMARY_BYTES / 4096, "contiguous");
    this.secondary = this.memory.allocate(SECONDARY_BYTES / 4096, "contiguous");
    this.operations = this.memory.allocate(1, "contiguous");
    this.start();
  }

  /** What Linux does at boot. */
  start(): void {
    this.place("PPB", "PPL", startOf(this.primary), PRIMARY_BYTES);
    this.place("SPB", "SPL", startOf(this.secondary), SECONDARY_BYTES);
    this.place("OB", "OL", startOf(this.operations), OPERATION_BYTES);
    this.write("PICS", 4);
    this.write("PC", 0x4000_1011);
    this.system.guts.registers.write(PAMUBYPENR, 0);
  }

  place(base: "PPB" | "SPB" | "OB", limit: "PPL" | "SPL" | "OL", at: bigint, size: number): void {
    const end = at + BigInt(size);
    this.write(`${base}AH`, Number(at >> 32n));
    this.write(`${base}AL`, Number(at & 0xffff_ffffn));
    this.write(`${limit}AH`, Number(end >> 32n));
    this.write(`${limit}AL`, Number(end & 0xffff_ffffn));
  }

  putPrimary(liodn: number, words: readonly number[]): void {
    this.primary.bytes.set(entryBytes(words), 64 * liodn);
  }

  putSecondary(index: number, words: readonly number[]): void {
    this.secondary.bytes.set(entryBytes(words), 64 * index);
  }

  putOperations(index: number, bytes: readonly number[]): void {
    this.operations.bytes.set(bytes, 128 * index);
  }

  read(name: PamuRegisterName): number {
    return this.pamu.registers.read(OFFSET[name]);
  }

  write(name: PamuRegisterName, value: number): void {
    this.pamu.registers.write(OFFSET[name], value);
  }

  /** One access; the physical address, or the violation as AVS1 shows it when nothing was recorded before. */
  access(liodn: number, address: bigint, operation: OperationName = "READ"): bigint | "blocked" {
    const frame = Number(address >> 12n);
    const offset = Number(address & 0xfffn);
    const physical = this.pamu.authorize(liodn, frame, offset, IOE[operation]);
    return physical === BLOCKED ? "blocked" : BigInt(physical) * 4096n + BigInt(offset);
  }

  /** AVA and POEA: two registers, one address. */
  address(name: "AVA" | "POEA"): bigint {
    return (BigInt(this.read(`${name}H`)) << 32n) | BigInt(this.read(`${name}L`));
  }
}

/** Physical address of an allocation. */
export function startOf({ runs }: FrameAllocation): bigint {
  return BigInt(runs[0]?.firstFrame ?? 0) << 12n;
}
