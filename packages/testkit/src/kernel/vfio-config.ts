// Configuration space as vfio-pci shows it: part hardware, part a copy that the user may write.
//
// type1.md 5.11, as far as the simulated devices have it: the header, BARs and the MSI capability;
// all other bytes are the hardware's. A request outside the space is EFAULT (5.5).

import { EFAULT } from "./errno.ts";
import {
  BAR0,
  CAP_MSI,
  CAPABILITY_POINTER,
  COMMAND,
  COMMAND_INTX_DISABLE,
  COMMAND_MEMORY,
  findCapability,
  INTERRUPT_LINE,
  INTERRUPT_PIN,
  MSI_64BIT,
  MSI_ENABLE,
  MSI_FLAGS,
} from "./pci/config-layout.ts";
import type { PciFunction } from "./pci/pci-function.ts";

const ROM = 0x30;
/** Multiple Message Enable. */
const MSI_QUEUE_SIZE = 0x70;

export class VirtualConfig {
  readonly #device: PciFunction;
  readonly #copy: Uint8Array;
  /** Bits that come from the copy, and bits that a write may change; the rest is hardware's. */
  readonly #virtual: Uint8Array;
  readonly #writable: Uint8Array;
  /** Where the MSI capability is, or 0. */
  #msi: number = 0;
  /** Vectors that SET_IRQS set up; 0 while MSI is not active. */
  msiVectors: number = 0;

  constructor(device: PciFunction) {
    this.#device = device;
    this.#copy = Uint8Array.from({ length: device.configSize }, (_, at) => device.readConfig(at));
    this.#virtual = new Uint8Array(device.configSize);
    this.#writable = new Uint8Array(device.configSize).fill(0xff);
    this.#describeHeader();
    this.#describeMsi();
  }

  get command(): number {
    return (this.#copy[COMMAND] ?? 0) | ((this.#copy[COMMAND + 1] ?? 0) << 8);
  }

  get memoryEnabled(): boolean {
    return (this.command & COMMAND_MEMORY) !== 0;
  }

  get intxDisabled(): boolean {
    return (this.command & COMMAND_INTX_DISABLE) !== 0;
  }

  get interruptPin(): number {
    return this.#copy[INTERRUPT_PIN] ?? 0;
  }

  read(offset: number, into: Uint8Array): number {
    if (offset + into.length > this.#copy.length) return -EFAULT;
    for (let index = 0; index < into.length; index += 1) {
      const at = offset + index;
      const mask = this.#virtual[at] ?? 0;
      into[index] = (this.#device.readConfig(at) & ~mask) | ((this.#copy[at] ?? 0) & mask);
    }
    return into.length;
  }

  write(offset: number, from: Uint8Array): number {
    if (offset + from.length > this.#copy.length) return -EFAULT;
    for (let done = 0; done < from.length; ) {
      const at = offset + done;
      const count = Math.min(from.length - done, 4 - (at & 3));
      this.#writeInDword(at, from.subarray(done, done + count));
      done += count;
    }
    return from.length;
  }

  /** What the hardware has in COMMAND, after the kernel itself changed it. */
  refreshCommand(): void {
    for (const at of [COMMAND, COMMAND + 1]) this.#copy[at] = this.#device.readConfig(at);
  }

  #writeInDword(at: number, from: Uint8Array): void {
    const hardware = new Uint8Array(from.length);
    let reaches = false;
    for (const [index, value] of from.entries()) {
      const place = at + index;
      const virtual = this.#virtual[place] ?? 0;
      const writable = this.#writable[place] ?? 0;
      const remembered = writable & (virtual | (isCommand(place) ? 0xff : 0));
      this.#copy[place] = ((this.#copy[place] ?? 0) & ~remembered) | (value & remembered);
      const direct = writable & ~virtual;
      const before = this.#device.readConfig(place);
      hardware[index] = (before & ~direct) | (value & direct);
      reaches ||= direct !== 0;
    }
    if (reaches) this.#device.writeConfig(at, hardware);
    this.#maskBar(at);
    if (this.#msi !== 0 && at <= this.#msi + MSI_FLAGS && at + from.length > this.#msi + MSI_FLAGS)
      this.#settleMsiFlags();
  }

  #describeHeader(): void {
    this.#set(0x00, 4, 0xff, 0x00);
    this.#set(COMMAND + 1, 1, COMMAND_INTX_DISABLE >> 8, 0xff);
    this.#set(0x06, 2, 0x00, 0x00);
    this.#virtual[0x06] = 0x10;
    this.#set(0x08, 4, 0x00, 0x00);
    this.#set(0x0e, 1, 0x00, 0x00);
    this.#set(BAR0, 24, 0xff, 0xff);
    this.#set(0x28, 8, 0x00, 0x00);
    this.#set(ROM, 4, 0xff, 0xff);
    this.#set(CAPABILITY_POINTER, 1, 0xff, 0x00);
    this.#set(0x35, 7, 0x00, 0x00);
    this.#set(INTERRUPT_LINE, 1, 0xff, 0xff);
    this.#set(INTERRUPT_PIN, 1, 0xff, 0x00);
    this.#set(0x3e, 2, 0x00, 0x00);
  }

  /** Flags, address and data are the user's scratch: the kernel programs the real ones. */
  #describeMsi(): void {
    const offset = findCapability(this.#device, CAP_MSI);
    if (offset === 0) return;
    const wide = ((this.#copy[offset + MSI_FLAGS] ?? 0) & MSI_64BIT) !== 0;
    this.#set(offset, 2, 0xff, 0x00);
    this.#msi = offset;
    this.#set(offset + MSI_FLAGS, 1, 0xff, 0xff);
    this.#set(offset + MSI_FLAGS + 1, 1, 0x00, 0x00);
    this.#set(offset + 4, wide ? 10 : 6, 0xff, 0xff);
  }

  /**
   * vfio_msi_config_write: MSI is enabled by SET_IRQS alone, for as many vectors as it set up; the
   * flags that are left go to the hardware as well.
   */
  #settleMsiFlags(): void {
    const place = this.#msi + MSI_FLAGS;
    let flags = this.#copy[place] ?? 0;
    if (this.msiVectors === 0) flags &= ~MSI_ENABLE;
    const most = Math.ceil(Math.log2(Math.max(1, this.msiVectors)));
    if ((flags & MSI_QUEUE_SIZE) >> 4 > most) flags = (flags & ~MSI_QUEUE_SIZE) | (most << 4);
    this.#copy[place] = flags;
    this.#device.writeConfig(place, Uint8Array.of(flags));
  }

  #set(offset: number, length: number, virtual: number, writable: number): void {
    this.#virtual.fill(virtual, offset, offset + length);
    this.#writable.fill(writable, offset, offset + length);
  }

  /** A BAR keeps only the bits above its size, and shows its type bits. */
  #maskBar(at: number): void {
    // No simulated device has a ROM, and a ROM that is not there has no address bits to keep.
    if (at >= ROM && at < ROM + 4) this.#copy.fill(0, ROM, ROM + 4);
    if (at < BAR0 || at >= BAR0 + 24) return;
    const index = Math.floor((at - BAR0) / 4);
    const bar = this.#device.bars[index];
    const place = BAR0 + 4 * index;
    const view = new DataView(this.#copy.buffer, place, 4);
    if (bar === undefined || bar.length === 0) {
      view.setUint32(0, 0, true);
      return;
    }
    const typeBits = this.#device.readConfig(place) & (bar.kind === "io" ? 0x3 : 0xf);
    view.setUint32(0, (view.getUint32(0, true) & -bar.length) | typeBits, true);
  }
}

/** IO and memory decode are remembered as well as written through. */
function isCommand(place: number): boolean {
  return place === COMMAND || place === COMMAND + 1;
}
