// The address space of one simulated process: areas, their protection, and pinning.
//
// Addresses are chosen as Linux does on x86-64 (top down from an mmap base near 0x7f…, the highest
// gap that fits), but from the machine's seed. Pages are counted in doubles of 4 KiB.

import type { MemoryBacking, PinnedRun } from "./backing.ts";

export const PAGE = 4096;
/** First page beyond user space: TASK_SIZE_MAX on x86-64 with four levels. */
export const USER_PAGES: number = 0x7_ffff_ffff;

export type Protection = "none" | "read" | "write" | "read-write";

export interface Area {
  readonly firstPage: number;
  readonly pages: number;
  readonly protection: Protection;
  readonly backing: MemoryBacking;
}

export class AddressSpace {
  /** Ascending by address, disjoint. */
  readonly #areas: Area[] = [];
  readonly #topPage: number;

  /** `topPage` is one beyond the highest page that mmap hands out. */
  constructor(topPage: number) {
    this.#topPage = topPage;
  }

  /** The areas, ascending. */
  get areas(): readonly Area[] {
    return this.#areas;
  }

  /** Finds the highest gap that fits, as mmap does; undefined when there is none. */
  place(pages: number, alignPages: number): number | undefined {
    let ceiling = this.#topPage;
    for (let index = this.#areas.length - 1; index >= -1; index -= 1) {
      const area = this.#areas[index];
      const floor = area === undefined ? 16 : area.firstPage + area.pages;
      const candidate = Math.floor((ceiling - pages) / alignPages) * alignPages;
      if (candidate >= floor) return candidate;
      if (area !== undefined) ceiling = area.firstPage;
    }
    return undefined;
  }

  add(area: Area): void {
    const index = this.#areas.findIndex((other) => other.firstPage > area.firstPage);
    this.#areas.splice(index === -1 ? this.#areas.length : index, 0, area);
  }

  /** munmap of a whole area. Frames that a device may still reach stay. */
  remove(area: Area): void {
    const index = this.#areas.indexOf(area);
    if (index === -1) return;
    this.#areas.splice(index, 1);
    area.backing.unmap();
  }

  areaOf(page: number): Area | undefined {
    let low = 0;
    let high = this.#areas.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const area = this.#areas[middle];
      if (area === undefined) return undefined;
      if (page < area.firstPage) high = middle - 1;
      else if (page >= area.firstPage + area.pages) low = middle + 1;
      else return area;
    }
    return undefined;
  }

  /** Pins up to `most` contiguous frames from a page on; undefined is EFAULT. */
  pin(page: number, most: number, access: "read" | "write"): PinnedRun | undefined {
    const area = this.areaOf(page);
    if (area === undefined || !permits(area.protection, access)) return undefined;
    const inArea = page - area.firstPage;
    return area.backing.pin(inArea, Math.min(most, area.pages - inArea));
  }

  /** Copies user bytes out of memory; answers how many came before the first fault. */
  read(address: number, into: Uint8Array): number {
    return this.#copy(address, into.length, "read", (bytes, done) => into.set(bytes, done));
  }

  /** Copies bytes into user memory; answers how many went before the first fault. */
  write(address: number, from: Uint8Array): number {
    return this.#copy(address, from.length, "write", (bytes, done) =>
      bytes.set(from.subarray(done, done + bytes.length)),
    );
  }

  #copy(
    address: number,
    length: number,
    access: "read" | "write",
    move: (bytes: Uint8Array, done: number) => void,
  ): number {
    let done = 0;
    while (done < length) {
      const position = address + done;
      const area = this.areaOf(Math.floor(position / PAGE));
      if (area === undefined || !permits(area.protection, access)) return done;
      const offset = position - area.firstPage * PAGE;
      const bytes = area.backing.bytes.subarray(offset, offset + length - done);
      move(bytes, done);
      done += bytes.length;
    }
    return done;
  }
}

/** Whether the CPU, or get_user_pages in its place, may access an area. */
function permits(protection: Protection, access: "read" | "write"): boolean {
  return protection === "read-write" || protection === access;
}
