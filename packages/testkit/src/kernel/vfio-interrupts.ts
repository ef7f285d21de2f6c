// The interrupts of one vfio-pci device: which index is active and which eventfds it signals.
//
// type1.md 5.7. One of INTX and MSI is active at a time. The real message address and data are the
// kernel's own; what the user writes into the MSI capability is scratch.

import { EBUSY, EINVAL, ERANGE } from "./errno.ts";
import type { EventFd } from "./event-fd.ts";
import type { MessageTarget } from "./iommu/domain.ts";
import {
  CAP_EXPRESS,
  CAP_MSI,
  findCapability,
  MSI_64BIT,
  MSI_ADDRESS,
  MSI_ENABLE,
  MSI_FLAGS,
  msiVectors,
  readWord,
  writeDword,
  writeWord,
} from "./pci/config-layout.ts";
import type { PciFunction } from "./pci/pci-function.ts";
import type { VirtualConfig } from "./vfio-config.ts";

export const INTX = 0;
export const MSI = 1;
export const ERR = 3;
export const REQ = 4;

/** Who decides where a device's messages go. */
export interface MessageRoom {
  /** Room for so many, or -errno. */
  take(vectors: number): MessageTarget | number;
  giveBack(): void;
}

const MESSAGE_DATA = 0x40;
/** A local APIC, and a vector number of the kernel's choice with room for 32 messages. */
const LOCAL_APIC: MessageTarget = { address: 0xfee0_0000n, data: MESSAGE_DATA };
const APIC_ROOM: MessageRoom = { take: () => LOCAL_APIC, giveBack: () => undefined };

export class DeviceInterrupts {
  readonly #device: PciFunction;
  readonly #room: MessageRoom;
  #config: VirtualConfig | null = null;
  active: "none" | "intx" | "msi" = "none";
  intxTarget: EventFd | null = null;
  intxUnmask: EventFd | null = null;
  #intxMasked: boolean = false;
  #lineAsserted: boolean = false;
  #vectors: (EventFd | null)[] = [];
  /** ERR and REQ: one optional eventfd each. */
  readonly notify: Map<number, EventFd> = new Map();

  constructor(device: PciFunction, room: MessageRoom = APIC_ROOM) {
    this.#device = device;
    this.#room = room;
    device.connectLine((asserted) => this.#line(asserted));
  }

  opened(config: VirtualConfig): void {
    this.#config = config;
  }

  /** The last close of the device: every eventfd is let go. */
  closed(): void {
    this.disable();
    for (const eventFd of this.notify.values()) eventFd.drop();
    this.notify.clear();
    this.#config = null;
  }

  /** Interrupts of an index; ERR exists on PCI Express only (-EINVAL). */
  countOf(index: number): number {
    if (index === INTX) return (this.#config?.interruptPin ?? 0) === 0 ? 0 : 1;
    if (index === MSI) return msiVectors(this.#device);
    if (index === ERR) return findCapability(this.#device, CAP_EXPRESS) === 0 ? -EINVAL : 1;
    return index === REQ ? 1 : 0;
  }

  enableIntx(target: EventFd | null): void {
    this.active = "intx";
    this.intxTarget = target;
    this.#intxMasked = false;
    if (this.#lineAsserted) this.#line(true);
  }

  replaceIntx(target: EventFd | null): void {
    this.intxTarget?.drop();
    this.intxTarget = target;
  }

  maskIntx(): void {
    this.#intxMasked = true;
  }

  /** A line that is still asserted signals again instead. */
  unmaskIntx(): void {
    this.#intxMasked = false;
    this.#line(this.#lineAsserted);
  }

  /** Registers or, with null, unregisters the eventfd that unmasks. */
  setUnmaskEvent(eventFd: EventFd | null): number {
    if (eventFd !== null && this.intxUnmask !== null) return -EBUSY;
    this.intxUnmask?.drop();
    this.intxUnmask = eventFd;
    return 0;
  }

  /** 0, or the positive number of vectors there are or -errno, and then nothing was enabled. */
  enableMsi(vectors: number): number {
    if (vectors === 0) return -ERANGE;
    const available = msiVectors(this.#device);
    if (vectors > available) return available;
    const target = this.#room.take(vectors);
    if (typeof target === "number") return target;
    this.active = "msi";
    if (this.#config !== null) this.#config.msiVectors = vectors;
    this.#vectors = new Array<EventFd | null>(vectors).fill(null);
    this.#programMsi(vectors, target);
    return 0;
  }

  /** Takes over the eventfd's reference. A vector beyond those allocated is EINVAL. */
  setVector(vector: number, eventFd: EventFd | null): number {
    if (vector >= this.#vectors.length) return -EINVAL;
    this.#vectors[vector]?.drop();
    this.#vectors[vector] = eventFd;
    return 0;
  }

  /** A message arrived from the device, or the user asked for a loopback. */
  message(vector: number): void {
    this.#vectors[vector]?.signal();
  }

  disable(): void {
    if (this.active === "msi") {
      this.#programMsi(0, LOCAL_APIC);
      this.#room.giveBack();
    }
    if (this.#config !== null) this.#config.msiVectors = 0;
    for (const eventFd of [...this.#vectors, this.intxTarget, this.intxUnmask]) eventFd?.drop();
    this.#vectors = [];
    this.intxTarget = null;
    this.intxUnmask = null;
    this.active = "none";
  }

  /** Signals once and masks itself, as the kernel's handler does. */
  #line(asserted: boolean): void {
    this.#lineAsserted = asserted;
    const masked = this.#intxMasked || (this.#config?.intxDisabled ?? false);
    if (!asserted || this.active !== "intx" || masked) return;
    this.#intxMasked = true;
    this.intxTarget?.signal();
  }

  /** Writes the MSI capability for a number of vectors; 0 switches it off. */
  #programMsi(vectors: number, { address, data }: MessageTarget): void {
    const offset = findCapability(this.#device, CAP_MSI);
    const flags = readWord(this.#device, offset + MSI_FLAGS) & ~(0x70 | MSI_ENABLE);
    if (vectors === 0) {
      writeWord(this.#device, offset + MSI_FLAGS, flags);
      return;
    }
    const wide = (flags & MSI_64BIT) !== 0;
    writeDword(this.#device, offset + MSI_ADDRESS, Number(address & 0xffff_ffffn));
    if (wide) writeDword(this.#device, offset + MSI_ADDRESS + 4, Number(address >> 32n));
    writeWord(this.#device, offset + MSI_ADDRESS + (wide ? 8 : 4), data);
    const log2 = Math.ceil(Math.log2(vectors));
    writeWord(this.#device, offset + MSI_FLAGS, flags | (log2 << 4) | MSI_ENABLE);
  }
}

/** Which vector of its device a message's data names. */
export function vectorOfMessage(data: number): number {
  return data - MESSAGE_DATA;
}
