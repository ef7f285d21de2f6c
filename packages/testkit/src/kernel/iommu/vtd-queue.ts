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

  /** Returns once every descriptor is carried out. */
  submit(...descriptors: readonly Descriptor[]): void {
    for (const [w0, w1, w2, w3] of descriptors) this.#put(w0, w1, w2, w3);
    this.#wait();
  }

  /**
   * 6.5.2.3, granularity 3: forgets 2^mask frames from `frame`, a multiple of that. Each unmap does it,
   * so without an array for the descriptor.
   */
  invalidatePages(domain: number, frame: number, mask: number): void {
    this.#put(0xf2 | (domain << 16), 0, (frame << 12) | mask, (frame / 0x10_0000) | 0);
    this.#wait();
  }

  free(): void {
    this.#arena.free(this.#ringFrame);
    this.#arena.free(this.#statusFrame);
  }

  #put(w0: number, w1: number, w2: number, w3: number): void {
    const { words } = this.#arena;
    const at = this.#arena.indexOf(this.#ringFrame) + 4 * this.#tail;
    words[at] = w0;
    words[at + 1] = w1;
    words[at + 2] = w2;
    words[at + 3] = w3;
    this.#tail = (this.#tail + 1) % ENTRIES;
  }

  #wait(): void {
    this.#sequence = (this.#sequence + 1) & 0x7fff_ffff;
    // Table frames lie below 4 GiB, so the address has one word.
    this.#put(0x25, this.#sequence, this.#statusFrame << 12, 0);
    this.#registers.writeWord(IQT, this.#tail << 4);
    const seen = this.#arena.words[this.#arena.indexOf(this.#statusFrame)];
    if (seen !== this.#sequence) throw this.#stuck();
  }

  #stuck(): Error {
    const head = this.#registers.read(IQH, 8) >> 4n;
    const status = this.#registers.read(FSTS, 4);
    return new Error(
      `VT-d invalidation queue stuck at entry ${head}, FSTS 0x${status.toString(16)}`,
    );
  }
}
