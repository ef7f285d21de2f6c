// The kernel's end of the VT-d invalidation queue (VT-d 6.5.2).
//
// Puts descriptors into the ring, ends each batch with a wait descriptor, and returns when the unit
// has written the wait's status to memory. A unit that does not is a defect and throws.

import type { RegisterAccess } from "../../hardware/register-file.ts";
import type { TableArena } from "../../memory/table-arena.ts";

/** 128 bits, lowest word first. */
export type Descriptor = readonly [number, number, number, number];

const IQH = 0x80;
const IQT = 0x88;
const IQA = 0x90;
const FSTS = 0x34;
const ENTRIES = 256;

export class VtdQueue {
  readonly #arena: TableArena;
  readonly #registers: RegisterAccess;
  readonly #ringFrame: number;
  readonly #statusFrame: number;
  #tail = 0;
  #sequence = 0;

  constructor(arena: TableArena, registers: RegisterAccess) {
    this.#arena = arena;
    this.#registers = registers;
    this.#ringFrame = arena.allocate();
    this.#statusFrame = arena.allocate();
    registers.write(IQT, 8, 0n);
    registers.write(IQA, 8, BigInt(this.#ringFrame) << 12n);
  }

  /** 6.5.2.1, granularity 3: one requester. */
  static contextOf(requester: number, domain: number): Descriptor {
    return [0x31 | (domain << 16), requester, 0, 0];
  }

  static readonly allContexts: Descriptor = [0x11, 0, 0, 0];
  static readonly allTranslations: Descriptor = [0xd2, 0, 0, 0];

  /** 6.5.2.3, granularity 2, with DR and DW (bits 7 and 6) to drain what is in flight. */
  static domainTranslations(domain: number): Descriptor {
    return [0xe2 | (domain << 16), 0, 0, 0];
  }

  /** 6.5.2.3, granularity 3: 2^mask frames from `frame`, a multiple of that. */
  static pageTranslations(domain: number, frame: number, mask: number): Descriptor {
    return [0xf2 | (domain << 16), 0, (frame << 12) | mask, Math.floor(frame / 0x10_0000)];
  }

  /** Returns once every descriptor is carried out. */
  submit(...descriptors: readonly Descriptor[]): void {
    for (const descriptor of descriptors) this.#put(descriptor);
    this.#sequence = (this.#sequence + 1) >>> 0;
    const status = this.#statusFrame;
    this.#put([0x25, this.#sequence, status << 12, Math.floor(status / 0x10_0000)]);
    this.#registers.write(IQT, 8, BigInt(this.#tail * 16));
    const seen = this.#arena.words[this.#arena.indexOf(status)];
    if (seen !== this.#sequence) throw this.#stuck();
  }

  free(): void {
    this.#arena.free(this.#ringFrame);
    this.#arena.free(this.#statusFrame);
  }

  #put(descriptor: Descriptor): void {
    const { words } = this.#arena;
    const at = this.#arena.indexOf(this.#ringFrame) + 4 * this.#tail;
    words[at] = descriptor[0];
    words[at + 1] = descriptor[1];
    words[at + 2] = descriptor[2];
    words[at + 3] = descriptor[3];
    this.#tail = (this.#tail + 1) % ENTRIES;
  }

  #stuck(): Error {
    const head = this.#registers.read(IQH, 8) >> 4n;
    const status = this.#registers.read(FSTS, 4);
    return new Error(
      `VT-d invalidation queue stuck at entry ${head}, FSTS 0x${status.toString(16)}`,
    );
  }
}
