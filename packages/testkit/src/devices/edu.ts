// The copy engine of QEMU's `edu` device, from its public register description (docs/specs/edu).
//
// 1 MiB BAR, a 4 KiB buffer of its own, a factorial unit, an interrupt. It moves real bytes through
// the bus, so what it reached is what the IOMMU allowed. A transfer that leaves the device's buffer
// aborts QEMU; here it is refused and recorded as a misuse.

import type { DmaBus } from "../memory/bus.ts";
import { ConfigSpace } from "./config-space.ts";
import { DeviceInterrupts } from "./device-interrupts.ts";
import type { BarAccess, DeviceInterrupt, DeviceMisuse, PciDevice } from "./dma-device.ts";

export interface EduOptions {
  readonly bus: DmaBus;
  readonly requester: number;
  /** Bus address bits the engine has. QEMU's default is 28 bits; here all 64. */
  readonly dmaMask?: bigint;
  /** Reads of the command (or status) register that still say busy. Default 0: done at once. */
  readonly completionPolls?: number;
  /** Byte order of the registers. Default little. */
  readonly byteOrder?: "little" | "big";
}

const BAR_SIZE = 0x10_0000;
const IDENTIFICATION = 0x0100_00ed;
const BUFFER = 0x4_0000n;
const BUFFER_SIZE = 0x1000n;
const RUN = 1n;
const TO_MEMORY = 2n;
const INTERRUPT = 4n;
const COMPUTING = 0x01;
const FACTORIAL_INTERRUPT_ENABLE = 0x80;
const FACTORIAL_DONE = 0x001;
const TRANSFER_DONE = 0x100;
const ONES = 0xffff_ffff_ffff_ffffn;

export class EduDevice implements PciDevice {
  readonly name = "edu";
  readonly requester: number;
  readonly barSizes: readonly number[] = [BAR_SIZE, 0, 0, 0, 0, 0];
  readonly config: ConfigSpace;
  /** The device's own 4 KiB; drivers cannot see them, tests may. */
  readonly buffer: Uint8Array = new Uint8Array(Number(BUFFER_SIZE));
  readonly #bus: DmaBus;
  readonly #dmaMask: bigint;
  readonly #polls: number;
  readonly #littleEndian: boolean;
  readonly #interrupts: DeviceInterrupts;
  #misuses: DeviceMisuse[] = [];
  #liveness = 0;
  #factorial = 0;
  #status = 0;
  #interruptStatus = 0;
  #source = 0n;
  #destination = 0n;
  #count = 0n;
  #command = 0n;
  #transferPolls = 0;
  #factorialPolls = 0;

  constructor(options: EduOptions) {
    this.#bus = options.bus;
    this.requester = options.requester;
    this.#dmaMask = options.dmaMask ?? ONES;
    this.#polls = options.completionPolls ?? 0;
    this.#littleEndian = options.byteOrder !== "big";
    this.config = new ConfigSpace({
      vendor: 0x1234,
      device: 0x11e8,
      classCode: 0x00_ff00, // QEMU's PCI_CLASS_OTHERS: base class 0, subclass 0xff
      revision: 0x10,
      subsystemVendor: 0x1af4,
      subsystem: 0x1100,
      barSizes: this.barSizes,
      interruptPin: 1,
      msiAt: 0x40,
    });
    this.#interrupts = new DeviceInterrupts(options.bus, options.requester, this.config);
  }

  connectInterrupts(listener: (interrupt: DeviceInterrupt) => void): void {
    this.#interrupts.connect(listener);
  }

  takeMisuses(): readonly DeviceMisuse[] {
    const taken = this.#misuses;
    this.#misuses = [];
    return taken;
  }

  reset(): void {
    this.config.reset();
    this.buffer.fill(0);
    this.#liveness = 0;
    this.#factorial = 0;
    this.#status = 0;
    this.#interruptStatus = 0;
    this.#source = 0n;
    this.#destination = 0n;
    this.#count = 0n;
    this.#command = 0n;
  }

  readBar(_bar: number, offset: number, into: Uint8Array): BarAccess {
    into.fill(0xff);
    if (!this.config.memoryEnabled) return "disabled";
    if (into.length < 4)
      into.fill(0); // the bus has no such access; QEMU answers zero
    else if (hasWidth(offset, into.length)) this.#store(into, this.#readRegister(offset));
    return "done";
  }

  writeBar(_bar: number, offset: number, from: Uint8Array): BarAccess {
    if (!this.config.memoryEnabled) return "disabled";
    if (from.length >= 4 && hasWidth(offset, from.length))
      this.#writeRegister(offset, this.#load(from));
    return "done";
  }

  /** Ends what is under way without polling: time passes for a driver that waits for interrupts. */
  finish(): void {
    if ((this.#status & COMPUTING) !== 0) this.#finishFactorial();
    if ((this.#command & RUN) !== 0n) this.#finishTransfer();
  }

  #readRegister(offset: number): bigint {
    switch (offset) {
      case 0x00:
        return BigInt(IDENTIFICATION);
      case 0x04:
        return BigInt(this.#liveness);
      case 0x08:
        return BigInt(this.#factorial);
      case 0x20:
        return this.#pollStatus();
      case 0x24:
        return BigInt(this.#interruptStatus);
      case 0x80:
        return this.#source;
      case 0x88:
        return this.#destination;
      case 0x90:
        return this.#count;
      case 0x98:
        return this.#pollCommand();
      default:
        return ONES;
    }
  }

  #writeRegister(offset: number, value: bigint): void {
    const word = Number(value & 0xffff_ffffn);
    if (offset === 0x04) this.#liveness = ~word >>> 0;
    else if (offset === 0x08) this.#startFactorial(word);
    else if (offset === 0x20)
      this.#status = (this.#status & COMPUTING) | (word & FACTORIAL_INTERRUPT_ENABLE);
    else if (offset === 0x60) this.#raise(word);
    else if (offset === 0x64) this.#acknowledge(word);
    else if (offset >= 0x80 && (this.#command & RUN) === 0n) this.#writeTransfer(offset, value);
  }

  /** A running transfer keeps its registers: writes to them are lost. */
  #writeTransfer(offset: number, value: bigint): void {
    if (offset === 0x80) this.#source = value;
    else if (offset === 0x88) this.#destination = value;
    else if (offset === 0x90) this.#count = value;
    else if (offset === 0x98) {
      this.#command = value & (RUN | TO_MEMORY | INTERRUPT);
      if ((value & RUN) === 0n) return;
      this.#transferPolls = this.#polls;
      if (this.#polls === 0) this.#finishTransfer();
    }
  }

  #pollCommand(): bigint {
    if ((this.#command & RUN) !== 0n && this.#transferPolls-- <= 0) this.#finishTransfer();
    return this.#command;
  }

  #pollStatus(): bigint {
    if ((this.#status & COMPUTING) !== 0 && this.#factorialPolls-- <= 0) this.#finishFactorial();
    return BigInt(this.#status);
  }

  #finishTransfer(): void {
    const toMemory = (this.#command & TO_MEMORY) !== 0n;
    const inDevice = toMemory ? this.#source : this.#destination;
    const address = (toMemory ? this.#destination : this.#source) & this.#dmaMask;
    this.#command &= ~RUN;
    if (inDevice < BUFFER || inDevice + this.#count > BUFFER + BUFFER_SIZE) {
      const what = `edu transfer of ${this.#count} bytes at device offset 0x${inDevice.toString(16)}`;
      this.#misuses.push({ kind: "device-misuse", what });
      return;
    }
    const start = Number(inDevice - BUFFER);
    const piece = this.buffer.subarray(start, start + Number(this.#count));
    if (this.config.busMaster && toMemory) this.#bus.dmaWrite(this.requester, address, piece);
    else if (this.config.busMaster) this.#bus.dmaRead(this.requester, address, piece);
    else if (!toMemory) piece.fill(0); // no bus mastering: the read is never sent
    if ((this.#command & INTERRUPT) !== 0n) this.#raise(TRANSFER_DONE);
  }

  #startFactorial(operand: number): void {
    if ((this.#status & COMPUTING) !== 0) return;
    this.#factorial = operand;
    this.#status |= COMPUTING;
    this.#factorialPolls = this.#polls;
    if (this.#polls === 0) this.#finishFactorial();
  }

  #finishFactorial(): void {
    this.#factorial = factorial(this.#factorial);
    this.#status &= ~COMPUTING;
    if ((this.#status & FACTORIAL_INTERRUPT_ENABLE) !== 0) this.#raise(FACTORIAL_DONE);
  }

  #raise(bits: number): void {
    this.#interruptStatus = (this.#interruptStatus | bits) >>> 0;
    if (this.#interruptStatus !== 0) this.#interrupts.raise();
  }

  #acknowledge(bits: number): void {
    this.#interruptStatus = (this.#interruptStatus & ~bits) >>> 0;
    if (this.#interruptStatus === 0) this.#interrupts.lower();
  }

  #load(from: Uint8Array): bigint {
    const view = new DataView(from.buffer, from.byteOffset, from.byteLength);
    if (from.length === 8) return view.getBigUint64(0, this.#littleEndian);
    return BigInt(view.getUint32(0, this.#littleEndian));
  }

  #store(into: Uint8Array, value: bigint): void {
    const view = new DataView(into.buffer, into.byteOffset, into.byteLength);
    if (into.length === 8) view.setBigUint64(0, value, this.#littleEndian);
    else view.setUint32(0, Number(value & 0xffff_ffffn), this.#littleEndian);
  }
}

/** Below 0x80 only 4 bytes, from there 4 or 8. */
function hasWidth(offset: number, width: number): boolean {
  return width === 4 || (width === 8 && offset >= 0x80);
}

/** Modulo 2^32; from 34 on it is zero. */
function factorial(operand: number): number {
  let result = 1;
  for (let factor = operand; factor > 0 && result !== 0; factor--)
    result = Math.imul(result, factor);
  return result >>> 0;
}
