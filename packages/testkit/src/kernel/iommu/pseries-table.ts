// A TCE table of an LPAR: every entry is exchanged by hypercall; only the user's view is the guest's.
//
// The kernel reads the old entry and puts the new one (tce_exchange_pseries). A hypercall's code comes
// back as it is, so H_PARAMETER looks like EINTR. A window that may only be written stays so.

import type { PaprHypervisor } from "../../hardware/tce/papr-hypervisor.ts";
import { UserView } from "./tce-leaves.ts";
import { type MappedEntry, TCE_READ, TCE_WRITE, type TceTable } from "./tce-table.ts";

export interface PseriesTableOptions {
  readonly hypervisor: PaprHypervisor;
  readonly liobn: number;
  readonly pageShift: number;
  readonly offset: number;
  readonly size: number;
  readonly chargedBytes: number;
  /** Takes the window from the PE. */
  readonly release: () => void;
}

export class PseriesTable implements TceTable {
  readonly pageShift: number;
  readonly offset: number;
  readonly size: number;
  readonly chargedBytes: number;
  oldFrame = 0;
  oldPermissions = 0;
  readonly #options: PseriesTableOptions;
  readonly #view = new UserView();
  /** Entries that hold something, counted from the window's start. */
  readonly #held = new Set<number>();

  constructor(options: PseriesTableOptions) {
    this.#options = options;
    this.pageShift = options.pageShift;
    this.offset = options.offset;
    this.size = options.size;
    this.chargedBytes = options.chargedBytes;
  }

  exchange(entry: number, frame: number, permissions: number): number {
    const { hypervisor, liobn } = this.#options;
    const ioba = entry * 2 ** this.pageShift;
    const old = hypervisor.getTce(liobn, ioba);
    if (old < 0) return old;
    const tce = permissions === 0 ? 0 : frame * 4096 + permissions;
    const answer = hypervisor.putTce(liobn, ioba, tce);
    if (answer < 0) return answer;
    this.oldPermissions = old % 4;
    this.oldFrame = Math.floor(old / 4096);
    if (permissions !== 0) this.#held.add(entry - this.offset);
    else this.#held.delete(entry - this.offset);
    return 0;
  }

  shadow(entry: number): number {
    return this.#view.address(entry - this.offset);
  }

  setShadow(entry: number, address: number, permissions: number): void {
    this.#view.set(entry - this.offset, address, permissions);
  }

  /** Large ranges are gone through by what is held, small ones entry by entry. */
  next(entry: number, end: number): number {
    if (end - entry <= this.#held.size) {
      for (let each = entry; each < end; each++)
        if (this.#held.has(each - this.offset)) return each;
      return end;
    }
    let next = end;
    for (const local of this.#held) {
      const each = local + this.offset;
      if (each >= entry && each < next) next = each;
    }
    return next;
  }

  invalidate(): void {
    // The hypervisor forgets what it has to with each H_PUT_TCE.
  }

  mapped(): readonly MappedEntry[] {
    return [...this.#held]
      .sort((a, b) => a - b)
      .map((local) => {
        const asked = this.#view.asked(local);
        const access = { read: (asked & TCE_READ) !== 0, write: (asked & TCE_WRITE) !== 0 };
        return { entry: local + this.offset, address: this.#view.address(local), access };
      });
  }

  free(): void {
    this.#options.release();
    this.#held.clear();
  }
}
