// Pages that version 1 pins, one for each TCE, found again by their frame (tce_iommu_use_page).

import type { MemoryBacking } from "../../backing.ts";
import { EFAULT } from "../../errno.ts";
import type { Process } from "../../process.ts";

/** A page as `get_user_pages_fast` gives it. */
export interface UserPage {
  readonly frame: number;
  /** log2 of the page that backs it. */
  readonly shift: number;
}

export class V1Pins {
  readonly #hostShift: number;
  readonly #backings = new Map<number, { readonly backing: MemoryBacking; count: number }>();

  constructor(hostShift: number) {
    this.#hostShift = hostShift;
  }

  /** Pins the page at a 4 KiB page of the process, always to be written: its frame, or -EFAULT. */
  pin(process: Process, page: number): UserPage | number {
    const run = process.memory.pin(page, 1, "write");
    if (run === undefined) return -EFAULT;
    if (!run.backing.isCounted) {
      run.backing.unpin(run.frames);
      return -EFAULT;
    }
    const known = this.#backings.get(run.frame);
    if (known === undefined) this.#backings.set(run.frame, { backing: run.backing, count: 1 });
    else known.count += 1;
    return { frame: run.frame, shift: run.backing.hugeShift ?? this.#hostShift };
  }

  unpin(frame: number): void {
    const known = this.#backings.get(frame);
    if (known === undefined) return;
    known.backing.unpin(1);
    known.count -= 1;
    if (known.count === 0) this.#backings.delete(frame);
  }
}
