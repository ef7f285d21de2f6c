// One second-stage domain of the VT-d driver.
//
// Owns its page table and its domain id; the driver owns context entries and the queue.

import type { TableArena } from "../../memory/table-arena.ts";
import type { DomainAccess, IommuDomain, IovaRange } from "./domain.ts";
import { type DomainFlush, DomainPages, type IotlbMode } from "./domain-pages.ts";
import type { PageSizes } from "./page-sizes.ts";
import { PageTable } from "./page-table.ts";
import { vtdFormat } from "./vtd-format.ts";

/** What the driver does for its domains. */
export interface VtdDomainHost {
  attach(requester: number, domain: VtdDomain): void;
  detach(requester: number): void;
  release(domain: VtdDomain): void;
}

export interface VtdDomainOptions {
  readonly id: number;
  readonly host: VtdDomainHost;
  readonly arena: TableArena;
  readonly levels: number;
  readonly aperture: IovaRange;
  readonly sizes: PageSizes;
  readonly snoopControl: "snooped" | "as-requested";
  /** CAP.CM: not-present entries may be cached, so a map is flushed as well. */
  readonly cachingMode: boolean;
  readonly iotlbMode: IotlbMode;
  readonly flush: DomainFlush;
}

export class VtdDomain implements IommuDomain {
  readonly id: number;
  readonly pageSizes: bigint;
  readonly aperture: IovaRange;
  readonly enforcesCoherency: boolean;
  readonly #options: VtdDomainOptions;
  readonly #pages: DomainPages;
  readonly #requesters = new Set<number>();

  constructor(options: VtdDomainOptions) {
    this.#options = options;
    this.id = options.id;
    this.pageSizes = options.sizes.bitmap;
    this.aperture = options.aperture;
    this.enforcesCoherency = options.snoopControl === "snooped";
    const table = new PageTable(options.arena, vtdFormat(options.snoopControl), options.levels);
    this.#pages = new DomainPages(table, options.sizes, options.flush, options.iotlbMode);
  }

  get rootFrame(): number {
    return this.#pages.table.rootFrame;
  }

  get levels(): number {
    return this.#pages.table.levels;
  }

  map(iovaFrame: number, physicalFrame: number, frames: number, access: DomainAccess): void {
    if (iovaFrame < 0 || iovaFrame + frames - 1 > this.aperture.last)
      throw new RangeError(`0x${iovaFrame.toString(16)} + ${frames} is outside the aperture`);
    this.#pages.map(iovaFrame, physicalFrame, frames, access);
    if (this.#options.cachingMode) this.#options.flush.range(iovaFrame, frames);
  }

  unmap(iovaFrame: number, frames: number): number {
    const inside = Math.min(frames, this.aperture.last + 1 - iovaFrame);
    return inside <= 0 ? 0 : this.#pages.unmap(iovaFrame, inside);
  }

  /** Carries out what lazy mode put off. */
  flush(): void {
    this.#pages.flush();
  }

  attach(requester: number): void {
    this.#options.host.attach(requester, this);
    this.#requesters.add(requester);
  }

  detach(requester: number): void {
    if (!this.#requesters.delete(requester))
      throw new Error(`requester 0x${requester.toString(16)} is not attached to this domain`);
    this.#options.host.detach(requester);
  }

  free(): void {
    if (this.#requesters.size > 0)
      throw new Error("a domain with devices attached cannot be freed");
    this.#pages.flush();
    this.#options.flush.everything();
    this.#pages.table.free();
    this.#options.host.release(this);
  }
}
