// What is mapped, and every refusal that can be known without asking the kernel (rule DW3).
//
// The kernels disagree about overlap, zero sizes, ranges over a window's end and unregistered
// memory (docs/backends); so those never reach one. All checks use exact arithmetic on both ends.

import {
  type ByteSize,
  frameCount,
  frameToIova,
  type HostAddress,
  type Iova,
  PAGE_FRAME_SHIFT,
  pageFrame,
} from "../address/address.ts";
import type { DmaAccess } from "../contract/access.ts";
import type { Mapping } from "../contract/dma-path.ts";
import type { DmaWindow } from "../contract/dma-window.ts";
import { MemoryTable } from "../memory/memory-table.ts";
import { ACCESS_TAGS, INVALID, isInvalid, isPending, PENDING, toMapping } from "./entry.ts";
import { FrameWindows, granuleOf } from "./frame-windows.ts";
import { FRAME_LIMIT, MappingTable, type TableEntry } from "./mapping-table.ts";
import { wholeFrames } from "./page-frames.ts";
import * as refusal from "./refusals.ts";

const MAX_ADDRESS = (1n << 64n) - 1n;

export interface LedgerOptions {
  readonly memory: MemoryTable;
  readonly needsRegistration: boolean;
  /** Why a mapping with access `write` is refused, or undefined when it may be made. */
  readonly writeOnlyRefused: () => string | undefined;
  /** How many mappings the kernel will hold, or undefined when it does not say. */
  readonly mappingLimit: number | undefined;
  /** Told of each mapping that is forgotten, before its memory may be freed. */
  readonly removed?: (range: FrameRange) => void;
}

/** Frames of the IOVA space, the end excluded. */
interface FrameRange {
  readonly start: number;
  readonly end: number;
}

export class Ledger {
  readonly registrations: MemoryTable = new MemoryTable();
  readonly #table = new MappingTable();
  readonly #options: LedgerOptions;
  #windows: readonly DmaWindow[] = [];
  #frameWindows = new FrameWindows([]);
  #pending = 0;
  #invalid = 0;

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#table.count;
  }
  get pending(): number {
    return this.#pending;
  }
  /** Mappings whose host address is invalid. */
  get invalid(): number {
    return this.#invalid;
  }
  get windows(): readonly DmaWindow[] {
    return this.#windows;
  }
  setWindows(windows: readonly DmaWindow[]): void {
    this.#windows = windows;
    this.#frameWindows = new FrameWindows(windows);
  }

  /** Throws unless the range could be mapped now. `extra` mappings are needed for it. */
  admit(iova: Iova, host: HostAddress, size: ByteSize, access: DmaAccess, extra = 1): void {
    const frames = wholeFrames(size);
    const admitted =
      frames > 0 && this.#admits(wholeFrames(iova), wholeFrames(host), frames, access, extra);
    if (!admitted) this.#admitSlowly(iova, host, size, access, extra);
  }

  /** `#admitSlowly` without a BigInt: false when something is wrong or cannot be said this way. */
  #admits(start: number, host: number, frames: number, access: DmaAccess, extra: number): boolean {
    const { needsRegistration, mappingLimit } = this.#options;
    return (
      (access === "read-write" || access === "read") &&
      host >= 0 &&
      host + frames <= FRAME_LIMIT &&
      this.#frameWindows.fit(start, frames, host) &&
      !this.#table.overlaps(start, start + frames) &&
      (!needsRegistration || this.registrations.covers(host, host + frames)) &&
      (mappingLimit === undefined || this.#table.count + extra <= mappingLimit)
    );
  }

  /** Says what is wrong, in the order in which callers are told. */
  #admitSlowly(
    iova: Iova,
    host: HostAddress,
    size: ByteSize,
    access: DmaAccess,
    extra: number,
  ): void {
    checkAddress("map", "iova", iova);
    checkAddress("map", "host", host);
    checkAddress("map", "size", size);
    // An array of one access would be taken for its text by every look-up below.
    if (typeof access !== "string" || !Object.hasOwn(ACCESS_TAGS, access))
      throw refusal.badAccess(access);
    if (access === "write") this.#checkWriteOnly();
    this.#checkWindow("map", iova, size, host);
    const start = pageFrame(iova);
    const end = start + frameCount(size);
    if (this.#table.overlaps(start, end)) throw this.#overlap(iova, size, start, end);
    this.#checkHost(host, size, "map");
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

  /** Whether the range is exactly one mapping that any unmap may remove: the usual case. */
  isWhole(iova: Iova, size: ByteSize): boolean {
    const start = wholeFrames(iova);
    const frames = wholeFrames(size);
    if (!(frames > 0 && this.#frameWindows.fit(start, frames, 0))) return false;
    const tag = this.#table.tagOf(start, start + frames);
    return tag > 0 && tag < PENDING;
  }

  /** Forgets the mapping of which `isWhole` was true. */
  removeWhole(iova: Iova, size: ByteSize): void {
    const start = wholeFrames(iova);
    const end = start + wholeFrames(size);
    const host = this.#table.hostOf(start);
    this.#table.remove(start);
    this.#options.removed?.({ start, end });
    this.#options.memory.use(host, host + (end - start), -1);
  }

  /** What an unmap of this range would remove; throws when it may not be removed. */
  admitUnmap(iova: Iova, size: ByteSize, operation = "unmap"): readonly TableEntry[] {
    const entries = this.admitWhole(iova, size, operation);
    if (entries.length === 0) throw refusal.notMapped(operation, iova, size);
    if (entries.some(isPending)) throw refusal.stillMapping(operation);
    return entries;
  }

  /** The mappings of a range that lies in one window and cuts none; those of a chunked map too. */
  admitWhole(iova: Iova, size: ByteSize, operation: string): readonly TableEntry[] {
    checkAddress(operation, "iova", iova);
    checkAddress(operation, "size", size);
    this.#checkWindow(operation, iova, size, undefined);
    const start = pageFrame(iova);
    const end = start + frameCount(size);
    const entries = [...this.#table.range(start, end)];
    const cut = entries.find((entry) => entry.start < start || entry.end > end);
    if (cut !== undefined) throw refusal.splits(operation, iova, size, toMapping(cut));
    return entries;
  }

  /** The host addresses of these mappings are invalid from now on. */
  invalidate(entries: readonly TableEntry[]): void {
    for (const { start, tag } of entries) this.#table.setTag(start, tag | INVALID);
    this.#invalid += entries.length;
  }

  /** The kernel took a new host address for an invalid mapping: its uses move there. */
  supply(entry: TableEntry, host: HostAddress): void {
    this.#replace({ ...entry, host: pageFrame(host), tag: entry.tag & ~INVALID });
    this.#invalid--;
  }

  /** Throws unless a mapping of this size could stand on this host memory. */
  admitHost(host: HostAddress, size: ByteSize, granule: bigint, operation: string): void {
    checkAddress(operation, "host", host);
    if (host % granule !== 0n) throw refusal.misaligned(operation, { host }, granule);
    this.#checkHost(host, size, operation);
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

  /** Mappings that stand on host memory. Looks at all of them: a registration is closed rarely. */
  standingOn(hostStart: number, hostEnd: number): number {
    return this.entries().filter(
      ({ start, end, host }) => host < hostEnd && hostStart < host + (end - start),
    ).length;
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
    return entry === undefined || isPending(entry) ? undefined : toMapping(entry);
  }

  mappings(): readonly Mapping[] {
    return this.entries()
      .filter((entry) => !isPending(entry))
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
    const start = wholeFrames(iova);
    const frames = wholeFrames(size);
    const hostFrame = wholeFrames(host);
    this.#table.insert(start, start + frames, hostFrame, tag);
    this.#options.memory.use(hostFrame, hostFrame + frames, 1);
  }

  #remove(start: number): void {
    const entry = this.#table.find(start);
    if (entry === undefined) return;
    this.#table.remove(start);
    if (isInvalid(entry)) this.#invalid--;
    this.#options.removed?.(entry);
    this.#use(entry, -1);
  }

  #replace(entry: TableEntry): void {
    const before = this.#table.find(entry.start);
    if (before === undefined) return;
    this.#table.remove(entry.start);
    this.#use(before, -1);
    this.#table.insert(entry.start, entry.end, entry.host, entry.tag);
    this.#use(entry, 1);
  }

  #use({ start, end, host }: TableEntry, change: 1 | -1): void {
    const hostEnd = host + (end - start);
    this.#options.memory.use(host, hostEnd, change);
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

  #checkHost(host: HostAddress, size: ByteSize, operation: string): void {
    if (size - 1n > MAX_ADDRESS - host) throw refusal.hostWraps(operation, host, size);
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

export function checkAddress(operation: string, name: string, value: unknown): bigint {
  if (typeof value !== "bigint" || value < 0n || value > MAX_ADDRESS)
    throw refusal.notAnAddress(operation, name, value);
  return value;
}
