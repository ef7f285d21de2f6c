// The kernel's end of AMD-Vi's command buffer (48882, 2.4).
//
// Ends each batch with COMPLETION_WAIT and returns when the unit has stored its value. A unit that
// does not is a defect and throws.

import type { RegisterAccess } from "../../hardware/register-file.ts";
import type { TableArena } from "../../memory/table-arena.ts";

/** 128 bits, lowest word first. */
export type Command = readonly [number, number, number, number];

const COMMAND_BASE = 0x08;
const COMMAND_HEAD = 0x2000;
const COMMAND_TAIL = 0x2008;
const STATUS = 0x2020;
const ENTRIES = 256;
const STORE = 1;
/** PDE: cached table pointers go as well as translations. */
const WITH_TABLES = 2;

export class AmdCommands {
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
    // Length 8: 2^8 entries, one frame.
    registers.write(COMMAND_BASE, 8, (BigInt(this.#ringFrame) << 12n) | (8n << 56n));
    registers.write(COMMAND_TAIL, 8, 0n);
  }

  /** INVALIDATE_DEVTAB_ENTRY, 2.4.2. */
  static deviceEntry(requester: number): Command {
    return [requester, 0x2000_0000, 0, 0];
  }

  static readonly everything: Command = [0, 0x8000_0000, 0, 0];

  /** INVALIDATE_IOMMU_PAGES, 2.4.3: 2^order frames from `frame`, a multiple of that. */
  static pages(domain: number, frame: number, order: number): Command {
    const isCoded = order > 0;
    const address = isCoded ? frame + 2 ** (order - 1) - 1 : frame;
    const low = ((address % 0x10_0000) << 12) | WITH_TABLES | (isCoded ? 1 : 0);
    return [0, 0x3000_0000 | domain, low, Math.floor(address / 0x10_0000)];
  }

  /** Every page of a domain: the size code of 2^64 bytes. */
  static allPages(domain: number): Command {
    return AmdCommands.pages(domain, 0, 52);
  }

  /** Returns once every command is carried out. */
  submit(...commands: readonly Command[]): void {
    for (const command of commands) this.#put(command);
    this.#sequence = (this.#sequence + 1) >>> 0;
    const status = this.#statusFrame;
    const high = 0x1000_0000 | Math.floor(status / 0x10_0000);
    this.#put([(status << 12) | STORE, high, this.#sequence, 0]);
    this.#registers.write(COMMAND_TAIL, 8, BigInt(this.#tail * 16));
    if (this.#arena.words[this.#arena.indexOf(status)] !== this.#sequence) throw this.#stuck();
  }

  free(): void {
    this.#arena.free(this.#ringFrame);
    this.#arena.free(this.#statusFrame);
  }

  #put(command: Command): void {
    this.#arena.words.set(command, this.#arena.indexOf(this.#ringFrame) + 4 * this.#tail);
    this.#tail = (this.#tail + 1) % ENTRIES;
  }

  #stuck(): Error {
    const head = this.#registers.read(COMMAND_HEAD, 8) >> 4n;
    const status = this.#registers.read(STATUS, 8);
    return new Error(`AMD-Vi command buffer stuck at ${head}, status 0x${status.toString(16)}`);
  }
}
