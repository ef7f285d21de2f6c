// What must be true, in obvious lines: a Map of pages, and lists of groups and registrations.
//
// It shares no code with what it checks and knows no clever structure: searching a list is enough for
// histories of a hundred steps. All addresses are page numbers; a page is 4 KiB.

import type { DmaAccess } from "@iommukit/core";

/** `[first, first + pages)`. */
export interface Pages {
  readonly first: number;
  readonly pages: number;
}

export interface ModelMapping extends Pages {
  /** The first page of host memory by which library and kernel know it. */
  readonly hostPage: number;
  readonly access: DmaAccess;
}

/** What a device meets at one page: the memory that was there when the mapping was made. */
export interface ModelPage {
  readonly hostPage: number;
  readonly access: DmaAccess;
  /** It may be given back after the mapping has got another address: devices reach it still. */
  readonly memory: ModelMemory | undefined;
}

/** First and last page, both included. */
export interface ModelWindow {
  readonly first: number;
  readonly last: number;
}

export function meets(a: Pages, b: Pages): boolean {
  return a.first < b.first + b.pages && b.first < a.first + a.pages;
}

export class ModelContainer {
  readonly windows: readonly ModelWindow[];
  readonly mappingLimit: number;
  /** Whether the caller accepted that a write-only mapping may be read. */
  readonly acceptsReadableWrites: boolean;
  state: "enabled" | "opened" | "closed" = "enabled";
  groups: number[];
  readonly devices: Set<string> = new Set();
  registrations: Pages[] = [];
  mappings: ModelMapping[] = [];
  readonly pages: Map<number, ModelPage> = new Map();
  /** Mappings whose host address is invalid. */
  readonly invalid: Set<ModelMapping> = new Set();
  /** Whether devices' writes are tracked, and the pages written that nobody was told of. */
  tracking: boolean = false;
  /** Whether the first map has made a window that costs locked memory. */
  windowMade: boolean = false;
  readonly written: Set<number> = new Set();
  readonly #memoryAt: (page: number) => ModelMemory | undefined;

  constructor(
    windows: readonly ModelWindow[],
    mappingLimit: number,
    groups: readonly number[],
    accepts: "readable-writes" | "nothing",
    memoryAt: (page: number) => ModelMemory | undefined = () => undefined,
  ) {
    this.#memoryAt = memoryAt;
    this.windows = windows;
    this.mappingLimit = mappingLimit;
    this.groups = [...groups];
    this.acceptsReadableWrites = accepts === "readable-writes";
  }

  add(mapping: ModelMapping): void {
    this.windowMade = true;
    this.mappings.push(mapping);
    const { access } = mapping;
    for (let page = 0; page < mapping.pages; page++) {
      const hostPage = mapping.hostPage + page;
      const memory = this.#memoryAt(hostPage);
      this.pages.set(mapping.first + page, { hostPage, access, memory });
    }
  }

  /** Another address for the same memory, as far as anybody knows: what devices reach stays. */
  supply(mapping: ModelMapping, hostPage: number): void {
    this.invalid.delete(mapping);
    this.mappings = this.mappings.map((each) => (each === mapping ? { ...each, hostPage } : each));
  }

  remove(mapping: ModelMapping): void {
    this.invalid.delete(mapping);
    this.mappings = this.mappings.filter((each) => each !== mapping);
    for (let page = 0; page < mapping.pages; page++) this.pages.delete(mapping.first + page);
  }

  /** A device wrote to a page. */
  write(page: number): void {
    if (this.tracking) this.written.add(page);
  }

  /** The kernel dropped everything with the last group, or the container was closed. */
  drop(state: "opened" | "closed"): number {
    const dropped = this.mappings.length;
    this.mappings = [];
    this.pages.clear();
    this.invalid.clear();
    this.registrations = [];
    this.windowMade = false;
    this.tracking = false;
    this.written.clear();
    this.state = state;
    return dropped;
  }

  meeting(range: Pages): readonly ModelMapping[] {
    return this.mappings.filter((mapping) => meets(mapping, range));
  }

  /** Whether one window holds the whole range. */
  hasWindowFor({ first, pages }: Pages): boolean {
    return this.windows.some((each) => each.first <= first && first + pages - 1 <= each.last);
  }

  /** Whether every page of host memory lies in some registration. */
  hasRegistered({ first, pages }: Pages): boolean {
    for (let page = first; page < first + pages; page++)
      if (!this.registrations.some((each) => each.first <= page && page < each.first + each.pages))
        return false;
    return true;
  }

  get mappedPages(): number {
    return this.mappings.reduce((sum, { pages }) => sum + pages, 0);
  }
}

/** One allocation of the process; its pages carry their own numbers as tags. */
export interface ModelMemory extends Pages {
  readonly bytes: Uint8Array;
}

/** What pins memory and is counted: each mapping (Type1), or memory registered before (sPAPR v2). */
export type Pinning = "mappings" | "registrations";

export class Model {
  pinning: Pinning = "mappings";
  readonly containers: ModelContainer[] = [];
  readonly memories: ModelMemory[] = [];
  /** Pages the process may lock, over all containers. */
  lockedLimit: number = Number.POSITIVE_INFINITY;

  get lockedPages(): number {
    if (this.pinning === "registrations")
      return this.registrations.reduce((sum, { pages }) => sum + pages, 0);
    return this.containers.reduce((sum, container) => sum + container.mappedPages, 0);
  }

  /** Registered ranges; one that several containers registered is one. */
  get registrations(): readonly Pages[] {
    const all = this.containers.flatMap(({ registrations }) => registrations);
    return all.filter(
      (each, index) =>
        all.findIndex(({ first, pages }) => first === each.first && pages === each.pages) === index,
    );
  }

  /** The container that a group is in. */
  containerOf(group: number): ModelContainer | undefined {
    return this.containers.find((each) => each.state !== "closed" && each.groups.includes(group));
  }

  memoryAt(page: number): ModelMemory | undefined {
    return this.memories.find((each) => each.first <= page && page < each.first + each.pages);
  }

  /** Whether every page of host memory is there. */
  hasMemory({ first, pages }: Pages): boolean {
    for (let page = first; page < first + pages; page++)
      if (this.memoryAt(page) === undefined) return false;
    return true;
  }

  /** Whether a mapping or a registration of any container stands on host memory. */
  uses(range: Pages): boolean {
    return this.containers.some(
      ({ mappings, registrations }) =>
        mappings.some(({ hostPage, pages }) => meets({ first: hostPage, pages }, range)) ||
        registrations.some((registration) => meets(registration, range)),
    );
  }
}
