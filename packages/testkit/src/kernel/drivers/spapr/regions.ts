// Pre-registered memory: regions that belong to an address space, referenced by containers.
//
// arch/powerpc/mm/book3s64/iommu_api.c of Linux 6.12. `used` counts who listed the region, `mapped` is
// 1 plus the TCEs that reach it; a region goes when both are gone. The kernel tests that only on the
// last put, so a region unregistered while mapped is kept for ever.

import type { PinnedRun } from "../../backing.ts";
import { EFAULT, EINVAL, ENOMEM } from "../../errno.ts";
import type { Process } from "../../process.ts";
import { PAGE } from "../../user-memory.ts";
import { charge, giveBack } from "./charge.ts";

export interface Region {
  /** The user's address, in 4 KiB pages. */
  readonly firstPage: number;
  readonly pages: number;
  /** log2 of the largest window page that every part of it can be mapped with. */
  readonly pageShift: number;
  /** The frame behind each 4 KiB page. */
  readonly frames: Float64Array;
  /** log2 of the page that backs each 4 KiB page. */
  readonly shifts: Uint8Array;
  readonly runs: readonly PinnedRun[];
  used: number;
  mapped: number;
}

/** More pages than the machine has room for in one array of them: 2 TiB of 4 KiB pages. */
const MOST_PAGES: number = 2 ** 29;

/** The regions of one process. */
export class Regions {
  readonly #all: Region[] = [];
  readonly #process: Process;
  readonly #hostShift: number;
  #last: Region | undefined;

  constructor(process: Process, hostShift: number) {
    this.#process = process;
    this.#hostShift = hostShift;
  }

  get all(): readonly Region[] {
    return this.#all;
  }

  /** The region of exactly this place and size. */
  exact(firstPage: number, pages: number): Region | undefined {
    return this.#all.find((each) => each.firstPage === firstPage && each.pages === pages);
  }

  /** The region that holds all of a range. Hot: consecutive pages mostly lie in the same one. */
  holding(page: number, pages: number): Region | undefined {
    const last = this.#last;
    if (last !== undefined && holds(last, page, pages)) return last;
    this.#last = this.#all.find((each) => holds(each, page, pages));
    return this.#last;
  }

  /** A new region, or -errno; a positive number is how many pages were pinned before one could not. */
  create(firstPage: number, pages: number): Region | number {
    const charged = charge(this.#process, pages * PAGE, this.#hostShift);
    if (charged !== 0) return charged;
    const made = this.#pinned(firstPage, pages);
    if (typeof made === "number") {
      giveBack(this.#process, pages * PAGE, this.#hostShift);
      return made;
    }
    this.#all.unshift(made);
    return made;
  }

  /** One user less; answers whether the region is gone. */
  put(region: Region): boolean {
    region.used -= 1;
    if (region.used > 0) return false;
    if (region.mapped !== 1) {
      region.used = 1;
      return false;
    }
    this.#all.splice(this.#all.indexOf(region), 1);
    this.#last = undefined;
    for (const run of region.runs) run.backing.unpin(run.frames);
    giveBack(this.#process, region.pages * PAGE, this.#hostShift);
    return true;
  }

  #pinned(firstPage: number, pages: number): Region | number {
    // An array of no entries, or of more than there is memory: vzalloc fails.
    if (pages === 0 || pages > MOST_PAGES) return -ENOMEM;
    const runs: PinnedRun[] = [];
    const unpin = (): void => {
      for (const run of runs) run.backing.unpin(run.frames);
    };
    for (let done = 0; done < pages; ) {
      const run = this.#process.memory.pin(firstPage + done, pages - done, "write");
      if (run === undefined || !run.backing.isCounted) {
        run?.backing.unpin(run.frames);
        unpin();
        const pinned = Math.floor((done * PAGE) / 2 ** this.#hostShift);
        return pinned === 0 ? -EFAULT : pinned;
      }
      runs.push(run);
      done += run.frames;
    }
    const overlaps = this.#all.some(
      (each) => each.firstPage < firstPage + pages && firstPage < each.firstPage + each.pages,
    );
    if (overlaps) {
      unpin();
      return -EINVAL;
    }
    return describe(firstPage, pages, runs, this.#hostShift);
  }
}

function holds(region: Region, page: number, pages: number): boolean {
  return region.firstPage <= page && page + pages <= region.firstPage + region.pages;
}

/** The frames, and the page size that the kernel derives page by page (mm_iommu_do_alloc). */
function describe(
  firstPage: number,
  pages: number,
  runs: readonly PinnedRun[],
  hostShift: number,
): Region {
  const frames = new Float64Array(pages);
  const shifts = new Uint8Array(pages).fill(hostShift);
  let pageShift = lowestBit(firstPage, pages);
  let running = hostShift;
  let at = 0;
  for (const run of runs) {
    const { hugeShift } = run.backing;
    // Not reset for an ordinary page that follows a huge one: the kernel does not either.
    if (pageShift > hostShift && hugeShift !== undefined) running = hugeShift;
    pageShift = Math.min(pageShift, running);
    for (let frame = 0; frame < run.frames; frame++) frames[at + frame] = run.frame + frame;
    if (hugeShift !== undefined) shifts.fill(hugeShift, at, at + run.frames);
    at += run.frames;
  }
  return { firstPage, pages, pageShift, frames, shifts, runs, used: 1, mapped: 1 };
}

/** log2 of the largest power of two that divides both, in bytes; never above 2^63. */
function lowestBit(firstPage: number, pages: number): number {
  let shift = 12;
  while (
    shift < 63 &&
    (firstPage / 2 ** (shift - 11)) % 1 === 0 &&
    (pages / 2 ** (shift - 11)) % 1 === 0
  )
    shift++;
  return shift;
}
