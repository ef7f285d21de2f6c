// What VT-d and AMD domains have in common: cut a run into pages, write them, flush, free tables.
//
// Eager mode flushes before unmap returns. Lazy mode puts the flush off as the kernel's deferred
// flushing does: until 256 unmaps wait, until a waiting range is mapped again, or until flush();
// a device may use stale translations until then, which is what lazy mode is there to show.

import type { DomainAccess, IovaRange } from "./domain.ts";
import type { PageSizes } from "./page-sizes.ts";
import { type PageTable, powerOfTwo } from "./page-table.ts";

export type IotlbMode = "eager" | "lazy";

/** The architecture's invalidations for one domain; both return once the hardware has obeyed. */
export interface DomainFlush {
  range(first: number, frames: number): void;
  everything(): void;
}

const MOST_WAITING = 256;

export class DomainPages {
  readonly table: PageTable;
  readonly #sizes: PageSizes;
  readonly #flush: DomainFlush;
  readonly #mode: IotlbMode;
  #waiting: IovaRange[] = [];

  constructor(table: PageTable, sizes: PageSizes, flush: DomainFlush, mode: IotlbMode) {
    this.table = table;
    this.#sizes = sizes;
    this.#flush = flush;
    this.#mode = mode;
  }

  map(iovaFrame: number, physicalFrame: number, frames: number, access: DomainAccess): void {
    if (this.#waits(iovaFrame, iovaFrame + frames - 1)) this.flush();
    let done = 0;
    while (done < frames) {
      const iova = iovaFrame + done;
      const order = this.#sizes.pick(iova, physicalFrame + done, frames - done);
      this.table.map(iova, physicalFrame + done, order, access);
      done += order === 0 ? 1 : powerOfTwo(order);
    }
  }

  unmap(iovaFrame: number, frames: number): number {
    const cleared = this.table.unmap(iovaFrame, frames);
    if (cleared === 0) return 0;
    if (this.#mode === "eager") {
      this.#flush.range(iovaFrame, frames);
      this.table.releaseDetached();
      return cleared;
    }
    this.#waiting.push({ first: iovaFrame, last: iovaFrame + frames - 1 });
    if (this.#waiting.length >= MOST_WAITING) this.flush();
    return cleared;
  }

  /** Carries out what lazy mode put off. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    this.#waiting = [];
    this.#flush.everything();
    this.table.releaseDetached();
  }

  #waits(first: number, last: number): boolean {
    if (this.#waiting.length === 0) return false;
    return this.#waiting.some((range) => range.first <= last && first <= range.last);
  }
}
