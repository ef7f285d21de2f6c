// What is mapped, and every refusal that can be known without asking the kernel (rule DW3).
//
// The kernels disagree about overlap, zero sizes, ranges over a window's end and unregistered
// memory (docs/backends); so those never reach one. All checks use exact arithmetic on both ends.

import {
  type ByteSize,
  frameCount,
  framesToSize,
  frameToIova,
  type HostAddress,
  hostAddress,
  type Iova,
  PAGE_FRAME_SHIFT,
  pageFrame,
} from "../address/address.ts";
import type { DmaAccess } from "../contract/access.ts";
import type { Mapping } from "../contract/dma-path.ts";
import type { DmaWindow } from "../contract/dma-window.ts";
import { MemoryTable } from "../memory/memory-table.ts";
import { MappingTable, type TableEntry } from "./mapping-table.ts";
import * as refusal from "./refusals.ts";

const ACCESS_TAGS: Readonly<Record<DmaAccess, number>> = { read: 1, write: 2, "read-write": 3 };
const TAG_ACCESSES: readonly DmaAccess[] = ["read", "read", "write", "read-write"];
/** Set while a chunked map has taken a range that the kernel does not have yet. */
const PENDING = 4;

const MAX_ADDRESS = (1n << 64n) - 1n;

export interface LedgerOptions {
  readonly memory: MemoryTable;
  readonly needsRegistration: boolean;
  /** Why a mapping with access `write` is refused, or undefined when it may be made. */
  readonly writeOnlyRefused: () => string | undefined;
  /** How many mappings the kernel will hold, or undefined when it does not say. */
  readonly mappingLimit: number | undefined;
}

export class Ledger {
  readonly registrations: MemoryTable = new MemoryTable();
  readonly #table = new MappingTable();
  readonly #options: LedgerOptions;
  #windows: readonly DmaWindow[] = [];
  #pending = 0;

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#table.count;
  }
  get pending(): number {
    return this.#pending;
  }
  get windows(): readonly DmaWindow[] {
    return this.#windows;
  }
  setWindows(windows: readonly DmaWindow[]): void {
    this.#windows = windows;
  }

  /** Throws unless the range could be mapped now. `extra` mappings are needed for it. */
  admit(iova: Iova, host: HostAddress, size: ByteSize, access: DmaAccess, extra = 1): void {
    checkAddress("map", "iova", iova);
    checkAddress("map", "host", host);
    checkAddress("map", "size", size);
    if (ACCESS_TAGS[access] === undefined || !Object.hasOwn(ACCESS_TAGS, access))
      throw refusal.badAccess(access);
    if (access === "write") this.#checkWriteOnly();
    this.#checkWindow("map", iova, size, host);
    const start = pageFrame(iova);
    const end = start + frameCount(size);
    if (this.#table.overlaps(start, end)) throw this.#overlap(iova, size, start, end);
    this.#checkHost(host, size);
    const limit = this.#options.mappingLimit;
    if (limit !== undefined && this.#table.count + extra > limit)
      throw refusal.mappingLimit(limit, this.#table.count);
  }

  /** Records a mapping that the kernel has. The range was admitted. */
  add(iova: Iova, host: HostAddress, size: ByteSize, access: DmaAccess): void {
    this.#insert(iova, host, size, ACCESS_TAGS[access]);
  }

  /** Takes a range for a mapping that the kernel does not have yet. */
  addPending(iova: Iova, host: HostAddress, size: ByteSize, access: DmaAccess): void {
    this.#insert(iova, host, size, ACCESS_TAGS[access] | PENDING);
    this.#pending++;
  }

  /** The kernel has now what `addPending` took. */
  settle(iova: Iova, access: DmaAccess): void {
    this.#table.setTag(pageFrame(iova), ACCESS_TAGS[access]);
    this.#pending--;
  }

  /** Gives a range back that the kernel does not have after all. */
  removePending(iova: Iova): void {
    this.#remove(pageFrame(iova));
    this.#pending--;
  }

  /** Bytes that every mapping at this IOVA is a multiple of; 4 KiB outside every window. */
  granuleAt(iova: Iova): bigint {
    const window = this.#windows.find((each) => each.start <= iova && iova <= each.last);
    return window === undefined ? 1n << PAGE_FRAME_SHIFT : granuleOf(window);
  }

  /** What an unmap of this range would remove; throws when it may not be removed. */
  admitUnmap(iova: Iova, size: ByteSize): readonly TableEntry[] {
    checkAddress("unmap", "iova", iova);
    checkAddress("unmap", "size", size);
    this.#checkWindow("unmap", iova, size, undefined);
    const start = pageFrame(iova);
    const end = start + frameCount(size);
    const entries = [...this.#table.range(start, end)];
    if (entries.length === 0) throw refusal.notMapped(iova, size);
    const cut = entries.find((entry) => entry.start < start || entry.end > end);
    if (cut !== undefined) throw refusal.splits(iova, size, toMapping(cut));
    if (entries.some((entry) => (entry.tag & PENDING) !== 0)) throw refusal.stillMapping("unmap");
    return entries;
  }

  /** Forgets mappings that the kernel has removed. */
  removeAll(entries: readonly TableEntry[]): void {
    for (const entry of entries) this.#remove(entry.start);
  }

  /** Forgets everything: the kernel dropped it. Answers how many mappings that were. */
  clear(): number {
    const entries = [...this.#table.range(0, 2 ** 52)];
    this.removeAll(entries);
    this.#pending = 0;
    return entries.length;
  }

  entries(): readonly TableEntry[] {
    return [...this.#table.range(0, 2 ** 52)];
  }

  entriesIn(iova: Iova, last: Iova): readonly TableEntry[] {
    return [...this.#table.range(pageFrame(iova), pageFrame(last) + 1)];
  }

  find(iova: Iova): Mapping | undefined {
    checkAddress("lookup", "iova", iova);
    const entry = this.#table.find(pageFrame(iova));
    return entry === undefined || (entry.tag & PENDING) !== 0 ? undefined : toMapping(entry);
  }

  mappings(): readonly Mapping[] {
    return this.entries()
      .filter((entry) => (entry.tag & PENDING) === 0)
      .map(toMapping);
  }

  /** The lowest free range in the windows that take pages of this size, or undefined. */
  findFree(
    size: bigint,
    alignment: bigint | undefined,
    highest: bigint | undefined,
  ): Iova | undefined {
    for (const window of this.#windows) {
      const granule = granuleOf(window);
      if (size % granule !== 0n) continue;
      const step = alignment === undefined || alignment < granule ? granule : alignment;
      const last = highest === undefined || highest > window.last ? window.last : highest;
      const at = this.#table.findFree({
        from: pageFrame(window.start),
        // The frame of `last` is whole only if `last` is its final byte.
        to: Number((last + 1n) >> PAGE_FRAME_SHIFT),
        frames: Number(size >> PAGE_FRAME_SHIFT),
        alignment: Number(step >> PAGE_FRAME_SHIFT),
      });
      if (at >= 0) return frameToIova(at);
    }
    return undefined;
  }

  #insert(iova: Iova, host: HostAddress, size: ByteSize, tag: number): void {
    const start = pageFrame(iova);
    const hostFrame = pageFrame(host);
    const frames = frameCount(size);
    this.#table.insert(start, start + frames, hostFrame, tag);
    this.#options.memory.use(hostFrame, hostFrame + frames, 1);
    this.registrations.use(hostFrame, hostFrame + frames, 1);
  }

  #remove(start: number): void {
    const entry = this.#table.find(start);
    if (entry === undefined) return;
    this.#table.remove(start);
    const hostEnd = entry.host + (entry.end - entry.start);
    this.#options.memory.use(entry.host, hostEnd, -1);
    this.registrations.use(entry.host, hostEnd, -1);
  }

  #checkWindow(operation: string, iova: Iova, size: ByteSize, host: HostAddress | undefined): void {
    if (size === 0n) throw refusal.zeroSize(operation, iova);
    const window = this.#windows.find((each) => each.start <= iova && iova <= each.last);
    const granule = window === undefined ? 1n << PAGE_FRAME_SHIFT : granuleOf(window);
    const mask = granule - 1n;
    if (((iova | size | (host ?? 0n)) & mask) !== 0n)
      throw refusal.misaligned(operation, { iova, size, host }, granule);
    if (window === undefined || size - 1n > window.last - iova)
      throw refusal.outsideWindow(operation, iova, size, this.#windows);
  }

  #checkWriteOnly(): void {
    const reason = this.#options.writeOnlyRefused();
    if (reason !== undefined) throw refusal.writeOnly(reason);
  }

  #checkHost(host: HostAddress, size: ByteSize): void {
    if (size - 1n > MAX_ADDRESS - host) throw refusal.hostWraps(host, size);
    if (!this.#options.needsRegistration) return;
    const start = pageFrame(host);
    if (!this.registrations.covers(start, start + frameCount(size)))
      throw refusal.notRegistered(host, size);
  }

  #overlap(iova: Iova, size: ByteSize, start: number, end: number): Error {
    for (const entry of this.#table.range(start, end))
      return refusal.alreadyMapped(iova, size, toMapping(entry));
    return refusal.alreadyMapped(iova, size, undefined);
  }
}

/** Bytes that every part of a mapping in this window is a multiple of. */
function granuleOf(window: DmaWindow): bigint {
  return window.subwindowSize ?? BigInt(window.pageSize);
}

function toMapping(entry: TableEntry): Mapping {
  return {
    iova: frameToIova(entry.start),
    size: framesToSize(entry.end - entry.start),
    host: hostAddress(BigInt(entry.host) << PAGE_FRAME_SHIFT),
    access: TAG_ACCESSES[entry.tag & 3] ?? "read",
  };
}

/** Brands are types only: a caller without a compiler may pass anything. */
export function checkAddress(operation: string, name: string, value: unknown): bigint {
  if (typeof value !== "bigint" || value < 0n || value > MAX_ADDRESS)
    throw refusal.notAnAddress(operation, name, value);
  return value;
}
