// The simulated kernel's VT-d driver: turns the unit on and gives out domains.
//
// It learns what the unit can do from CAP and ECAP, writes root and context tables into memory and
// submits invalidations through the queue; it never calls into the hardware model. A requester that
// is not attached has no context entry, so each of its accesses faults.

import type { RegisterAccess } from "../../hardware/register-file.ts";
import type { PhysicalMemory } from "../../memory/physical-memory.ts";
import type { TableArena } from "../../memory/table-arena.ts";
import { coveringPower } from "./covering-power.ts";
import type { IommuDriver, IovaRange, ReservedRegion } from "./domain.ts";
import type { DomainFlush, IotlbMode } from "./domain-pages.ts";
import { IdPool } from "./id-pool.ts";
import { PageSizes } from "./page-sizes.ts";
import { type ExtraRegions, MSI_REGION } from "./reserved-regions.ts";
import { VtdDomain } from "./vtd-domain.ts";
import { VtdQueue } from "./vtd-queue.ts";

export interface VtdDriverOptions {
  readonly memory: PhysicalMemory;
  /** The unit's register page. */
  readonly registers: RegisterAccess;
  /** Default eager. */
  readonly iotlbMode?: IotlbMode;
  readonly extraRegions?: ExtraRegions;
}

const CAP = 0x08;
const ECAP = 0x10;
const GCMD = 0x18;
const GSTS = 0x1c;
const RTADDR = 0x20;
const TRANSLATION = 1n << 31n;
const ROOT_POINTER = 1n << 30n;
const QUEUE = 1n << 26n;
const INTERRUPT_REMAPPING = 1n << 25n;

export class VtdDriver implements IommuDriver {
  readonly name = "vtd";
  readonly sysfsLink = "../../virtual/iommu/dmar0";
  readonly interruptsIsolated: boolean;
  readonly #options: VtdDriverOptions;
  readonly #arena: TableArena;
  readonly #queue: VtdQueue;
  readonly #rootFrame: number;
  readonly #ids = new IdPool(1, 0x1_0000); // id 0 tags not-present entries in caching mode
  /** Domain id of each requester that has a context entry. */
  readonly #attached = new Map<number, number>();
  /** Context table of each bus. */
  readonly #contextTables = new Map<number, number>();
  readonly #capabilities: bigint;
  readonly #extended: bigint;

  constructor(options: VtdDriverOptions) {
    this.#options = options;
    this.#arena = options.memory.tables;
    this.#capabilities = options.registers.read(CAP, 8);
    this.#extended = options.registers.read(ECAP, 8);
    this.interruptsIsolated = this.#extendedBit(3n); // IR
    this.#rootFrame = this.#arena.allocate();
    this.#queue = new VtdQueue(this.#arena, options.registers);
    this.#start();
  }

  createDomain(): VtdDomain {
    const id = this.#ids.take();
    const levels = this.#levels();
    return new VtdDomain({
      id,
      host: {
        attach: (requester, domain) => this.#attach(requester, domain),
        detach: (requester) => this.block(requester),
        release: (domain) => this.#ids.giveBack(domain.id),
      },
      arena: this.#arena,
      levels,
      aperture: this.#aperture(levels),
      sizes: this.#pageSizes(),
      snoopControl: this.#extendedBit(7n) ? "snooped" : "as-requested",
      cachingMode: this.#capabilityField(7n, 1n) === 1,
      iotlbMode: this.#options.iotlbMode ?? "eager",
      flush: this.#flushOf(id),
    });
  }

  reservedRegions(requester: number): readonly ReservedRegion[] {
    return [...(this.#options.extraRegions?.get(requester) ?? []), MSI_REGION];
  }

  block(requester: number): void {
    const domain = this.#attached.get(requester);
    if (domain === undefined) return;
    const at = this.#contextIndex(requester);
    this.#arena.words.fill(0, at, at + 4);
    this.#attached.delete(requester);
    this.#queue.submit(VtdQueue.contextOf(requester, domain), VtdQueue.domainTranslations(domain));
  }

  /** Turns translation off and gives every frame back. All domains must be free. */
  shutDown(): void {
    this.#options.registers.write(GCMD, 4, 0n);
    for (const frame of this.#contextTables.values()) this.#arena.free(frame);
    this.#contextTables.clear();
    this.#arena.free(this.#rootFrame);
    this.#queue.free();
  }

  /** Root pointer, then caches, then translation (VT-d 11.4.4: SRTP asks for global flushes). */
  #start(): void {
    const { registers } = this.#options;
    registers.write(RTADDR, 8, BigInt(this.#rootFrame) << 12n);
    this.#switchOn(ROOT_POINTER);
    this.#switchOn(QUEUE);
    this.#queue.submit(VtdQueue.allContexts, VtdQueue.allTranslations);
    if (this.interruptsIsolated) this.#switchOn(INTERRUPT_REMAPPING);
    this.#switchOn(TRANSLATION);
  }

  /** One change at a time, on top of what is on; the root pointer is not a switch (11.4.4). */
  #switchOn(bit: bigint): void {
    const { registers } = this.#options;
    const on = registers.read(GSTS, 4) & ~ROOT_POINTER;
    registers.write(GCMD, 4, on | bit);
    if ((registers.read(GSTS, 4) & bit) === 0n)
      throw new Error(`VT-d did not take GCMD 0x${bit.toString(16)}`);
  }

  #attach(requester: number, domain: VtdDomain): void {
    this.block(requester);
    const at = this.#contextIndex(requester);
    const { words } = this.#arena;
    const root = domain.rootFrame;
    // 9.3: AW and DID first; the present bit is in the word that is written last.
    words[at + 2] = (domain.levels - 2) | (domain.id << 8);
    words[at + 3] = 0;
    words[at + 1] = Math.floor(root / 0x10_0000);
    words[at] = (root << 12) | 1;
    this.#attached.set(requester, domain.id);
    this.#queue.submit(
      VtdQueue.contextOf(requester, 0), // caching mode: the absent entry may be cached, as domain 0
      VtdQueue.domainTranslations(domain.id),
    );
  }

  /** Where a requester's context entry is; makes the bus's context table. */
  #contextIndex(requester: number): number {
    const bus = requester >>> 8;
    const table = this.#contextTables.get(bus) ?? this.#newContextTable(bus);
    return this.#arena.indexOf(table) + 4 * (requester & 0xff);
  }

  #newContextTable(bus: number): number {
    const table = this.#arena.allocate();
    const at = this.#arena.indexOf(this.#rootFrame) + 4 * bus;
    this.#arena.words[at + 1] = Math.floor(table / 0x10_0000);
    this.#arena.words[at] = (table << 12) | 1;
    this.#contextTables.set(bus, table);
    return table;
  }

  #flushOf(domain: number): DomainFlush {
    const mostMask = this.#capabilityField(48n, 0x3fn); // MAMV
    return {
      range: (first, frames) => {
        const mask = coveringPower(first, frames);
        if (mask === 0) this.#queue.invalidatePages(domain, first, 0);
        else if (mask > mostMask) this.#queue.submit(VtdQueue.domainTranslations(domain));
        else this.#queue.invalidatePages(domain, first - (first % 2 ** mask), mask);
      },
      everything: () => this.#queue.submit(VtdQueue.domainTranslations(domain)),
    };
  }

  /** The deepest table the unit walks: SAGAW bits 1, 2, 3 are 3, 4, 5 levels. */
  #levels(): number {
    return 33 - Math.clz32(this.#capabilityField(8n, 0x1fn));
  }

  #aperture(levels: number): IovaRange {
    const width = Math.min(12 + 9 * levels, this.#capabilityField(16n, 0x3fn) + 1); // MGAW
    return { first: 0, last: 2 ** (width - 12) - 1 };
  }

  #pageSizes(): PageSizes {
    const large = this.#capabilityField(34n, 3n);
    return new PageSizes(
      0x1000n | ((large & 1) !== 0 ? 0x20_0000n : 0n) | ((large & 2) !== 0 ? 0x4000_0000n : 0n),
    );
  }

  #capabilityField(shift: bigint, mask: bigint): number {
    return Number((this.#capabilities >> shift) & mask);
  }

  #extendedBit(bit: bigint): boolean {
    return ((this.#extended >> bit) & 1n) === 1n;
  }
}
