// How a device reaches memory: bus addresses in, bytes moved, faults told.
//
// The only path from a device to RAM. A transfer is split at 4 KiB frames, or as finely as the IOMMU
// looks addresses up, and each piece is translated by itself, as on a real bus, so a transfer may
// succeed in part. It never looks into page tables and never answers for the IOMMU.

import {
  BLOCKED,
  type BusAccess,
  type DmaFault,
  INTERRUPT_MESSAGE,
  type IommuHardware,
} from "../hardware/iommu-hardware.ts";
import type { PhysicalMemory } from "./physical-memory.ts";

export interface DmaBusOptions {
  readonly hardware: IommuHardware;
  readonly memory: PhysicalMemory;
  /**
   * What a device sees where its read was blocked. `zeros` is what QEMU gives, `ones` what most
   * PCI hosts give after an unsupported request (PCI Local Bus 3.0, 3.2.2.3.4: master abort).
   */
  readonly blockedReads?: "zeros" | "ones";
  /** Default none: every physical page is memory or nothing. */
  readonly registerPages?: RegisterPages;
}

/** Physical pages with registers behind them instead of memory. */
export interface RegisterPages {
  /** Hot: asked for every frame that a device reaches. */
  has(frame: number): boolean;
  read(requester: number, frame: number, offset: number, into: Uint8Array): void;
  write(requester: number, frame: number, offset: number, from: Uint8Array): void;
}

export interface DmaResult {
  /** Bytes that reached memory or came from it. */
  readonly moved: number;
  /** The first of each frame in which something was blocked, in address order. */
  readonly faults: readonly DmaFault[];
  /** Frames of the transfer that were interrupt messages instead of memory. */
  readonly interrupts: number;
}

/** A message-signalled interrupt as it arrives at the interrupt controller. */
export interface InterruptMessage {
  readonly requester: number;
  readonly address: bigint;
  readonly data: Uint8Array;
}

/** Where a piece of a transfer ended up. */
interface Reached {
  readonly requester: number;
  /** Physical frame. */
  readonly physical: number;
  readonly offset: number;
}

const TOP = 1n << 64n;
const FRAMES = 2 ** 52;
const FRAME_BYTES = 4096;
const NO_FAULTS: readonly DmaFault[] = [];
const MOST_MESSAGES = 10_000;

export class DmaBus {
  readonly #hardware: IommuHardware;
  readonly #memory: PhysicalMemory;
  readonly #blockedByte: number;
  readonly #chunk: number;
  readonly #registerPages: RegisterPages | undefined;
  #messages: InterruptMessage[] = [];

  constructor(options: DmaBusOptions) {
    this.#hardware = options.hardware;
    this.#memory = options.memory;
    this.#blockedByte = options.blockedReads === "ones" ? 0xff : 0;
    this.#chunk = options.hardware.chunk ?? FRAME_BYTES;
    this.#registerPages = options.registerPages;
  }

  /** Memory → device. Blocked pieces of `into` are filled as `blockedReads` says. */
  dmaRead(requester: number, address: bigint, into: Uint8Array): DmaResult {
    return this.#transfer(requester, address, into, "read");
  }

  /** Device → memory. A blocked piece changes no byte. */
  dmaWrite(requester: number, address: bigint, from: Uint8Array): DmaResult {
    return this.#transfer(requester, address, from, "write");
  }

  /** Interrupt messages that devices wrote since the last call, at most the first 10,000. */
  takeInterruptMessages(): readonly InterruptMessage[] {
    const taken = this.#messages;
    this.#messages = [];
    return taken;
  }

  #transfer(requester: number, address: bigint, data: Uint8Array, access: BusAccess): DmaResult {
    if (address < 0n || address >= TOP)
      throw new RangeError(`a bus address has 64 bits: 0x${address.toString(16)}`);
    let moved = 0;
    let interrupts = 0;
    let faults = NO_FAULTS;
    let faultedFrame = -1;
    let frame = Number(address >> 12n);
    let offset = Number(address & 0xfffn);
    for (let at = 0; at < data.length; ) {
      const length = Math.min(this.#chunk - (offset % this.#chunk), data.length - at);
      const piece = data.subarray(at, at + length);
      const physical = this.#hardware.translateFrame(requester, frame, access, offset);
      if (physical >= 0) moved += this.#reach({ requester, physical, offset }, piece, access);
      else if (physical === INTERRUPT_MESSAGE)
        interrupts += this.#interrupt(requester, (address + BigInt(at)) % TOP, piece, access);
      else {
        const fault = this.#blocked(piece, access);
        if (frame !== faultedFrame) faults = [...faults, fault];
        faultedFrame = frame;
      }
      at += length;
      offset = (offset + length) % FRAME_BYTES;
      // A device counts its address in 64 bits.
      if (offset === 0) frame = (frame + 1) % FRAMES;
    }
    return { moved, faults, interrupts };
  }

  /** Moves one piece to or from what is at a physical address. */
  #reach(at: Reached, piece: Uint8Array, access: BusAccess): number {
    const pages = this.#registerPages;
    if (pages?.has(at.physical) === true) {
      if (access === "read") pages.read(at.requester, at.physical, at.offset, piece);
      else pages.write(at.requester, at.physical, at.offset, piece);
      return piece.length;
    }
    return this.#move(at.physical, at.offset, piece, access);
  }

  /** An access that meets no live memory moves nothing; the memory recorded it as stray. */
  #move(physical: number, offset: number, piece: Uint8Array, access: BusAccess): number {
    const reached =
      access === "read"
        ? this.#memory.read(physical, offset, piece)
        : this.#memory.write(physical, offset, piece);
    return reached ? piece.length : 0;
  }

  #interrupt(requester: number, address: bigint, piece: Uint8Array, access: BusAccess): number {
    if (access === "read") piece.fill(this.#blockedByte);
    else if (this.#messages.length < MOST_MESSAGES)
      this.#messages.push({ requester, address, data: piece.slice() });
    return 1;
  }

  #blocked(piece: Uint8Array, access: BusAccess): DmaFault {
    if (access === "read") piece.fill(this.#blockedByte);
    const fault = this.#hardware.lastFault;
    if (fault === undefined) throw new Error(`${BLOCKED} without a fault: ${this.#hardware.name}`);
    return fault;
  }
}
