// One host-page-table domain of the AMD-Vi driver.
//
// Starts with three levels and grows when a mapping lies higher, up to the unit's depth; growing
// changes the root, so the driver then rewrites the device entries of everything attached.

import type { TableArena } from "../../memory/table-arena.ts";
import { AMD_FORMAT } from "./amdvi-format.ts";
import type { DomainAccess, IommuDomain, IovaRange } from "./domain.ts";
import { type DomainFlush, DomainPages, type IotlbMode } from "./domain-pages.ts";
import { PageSizes } from "./page-sizes.ts";
import { PageTable } from "./page-table.ts";

/** What the driver does for its domains. */
export interface AmdDomainHost {
  /** Writes the requester's device entry, for the first time or after the table grew. */
  point(requester: number, domain: AmdDomain): void;
  block(requester: number): void;
  release(domain: AmdDomain): void;
}

export interface AmdDomainOptions {
  readonly id: number;
  readonly host: AmdDomainHost;
  readonly arena: TableArena;
  /** Depth the unit can walk. */
  readonly mostLevels: number;
  readonly iotlbMode: IotlbMode;
  readonly flush: DomainFlush;
}

/** Every power of two from 4 KiB to 2^51, but for 512 GiB. */
const PAGE_SIZES = new PageSizes(0x000f_ff7f_ffff_f000n);
const FIRST_LEVELS = 3;

export class AmdDomain implements IommuDomain {
  readonly id: number;
  readonly pageSizes: bigint = PAGE_SIZES.bitmap;
  readonly aperture: IovaRange;
  /** The unit forces coherency through FC in each entry. */
  readonly enforcesCoherency = true;
  readonly #options: AmdDomainOptions;
  readonly #pages: DomainPages;
  readonly #requesters = new Set<number>();

  constructor(options: AmdDomainOptions) {
    this.#options = options;
    this.id = options.id;
    // Six levels reach beyond 64 bits, so the address itself is the limit.
    this.aperture = { first: 0, last: Math.min(2 ** 52, 512 ** options.mostLevels) - 1 };
    const table = new PageTable(options.arena, AMD_FORMAT, FIRST_LEVELS);
    this.#pages = new DomainPages(table, PAGE_SIZES, options.flush, options.iotlbMode);
  }

  get rootFrame(): number {
    return this.#pages.table.rootFrame;
  }

  get levels(): number {
    return this.#pages.table.levels;
  }

  map(iovaFrame: number, physicalFrame: number, frames: number, access: DomainAccess): void {
    const last = iovaFrame + frames - 1;
    if (iovaFrame < 0 || last > this.aperture.last)
      throw new RangeError(`0x${iovaFrame.toString(16)} + ${frames} is outside the aperture`);
    if (!this.#pages.table.covers(last)) this.#growTo(last);
    this.#pages.map(iovaFrame, physicalFrame, frames, access);
  }

  unmap(iovaFrame: number, frames: number): number {
    const covered = Math.min(2 ** 52, 512 ** this.#pages.table.levels);
    const inside = Math.min(frames, covered - iovaFrame);
    return inside <= 0 ? 0 : this.#pages.unmap(iovaFrame, inside);
  }

  /** Carries out what lazy mode put off. */
  flush(): void {
    this.#pages.flush();
  }

  attach(requester: number): void {
    this.#options.host.point(requester, this);
    this.#requesters.add(requester);
  }

  detach(requester: number): void {
    if (!this.#requesters.delete(requester))
      throw new Error(`requester 0x${requester.toString(16)} is not attached to this domain`);
    this.#options.host.block(requester);
  }

  free(): void {
    if (this.#requesters.size > 0)
      throw new Error("a domain with devices attached cannot be freed");
    this.#pages.flush();
    this.#options.flush.everything();
    this.#pages.table.free();
    this.#options.host.release(this);
  }

  #growTo(frame: number): void {
    while (!this.#pages.table.covers(frame)) this.#pages.table.grow();
    for (const requester of this.#requesters) this.#options.host.point(requester, this);
  }
}
