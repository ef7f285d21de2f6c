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
import { hostFrames, wholeFrames } from "./page-frames.ts";
import * as refusal from "./refusals.ts";
import { Reservations } from "./reservations.ts";

const MAX_ADDRESS = (1n << 64n) - 1n;

export interface LedgerOptions {
  readonly memory: MemoryTable;
  readonly needsRegistration: boolean;
  /** Why a mapping with access `write` is refused, or undefined when it may be made. */
  readonly writeOnlyRefused: () => string | undefined;
  /** How many mappings the kernel will hold, or undefined when it does not say. */
  readonly mappingLimit: number | undefined;
  /** Bits of an address of this process. Default 64. */
  readonly hostBits?: 32 | 64;
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
  readonly #reservations = new Reservations();
  readonly #options: LedgerOptions;
  readonly #hostBits: 32 | 64;
  /** One past the last frame of this process's address space. */
  readonly #hostFrames: number;
  #windows: readonly DmaWindow[] = [];
  #frameWindows = new FrameWindows([]);
  /** Whether some window takes memory only that is contiguous in the host. */
  #contiguous = false;
  #pending = 0;
  #invalid = 0;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#hostBits = options.hostBits ?? 64;
    this.#hostFrames = FRAME_LIMIT / 2 ** (64 - this.#hostBits);
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
    this.#contiguous = windows.some((window) => window.hostContiguity !== undefined);
  }

  /** Throws unless the range could be mapped now. `extra` mappings are needed for it. */
  admit(iova: Iova, host: HostAddress, size: ByteSize, access: DmaAccess, extra = 1): void {
    if (!this.admits(wholeFrames(iova), hostFrames(host), wholeFrames(size), access, extra))
      this.#admitSlowly(iova, host, size, access, extra);
  }

  /** `admit` in frames of `wholeFrames`: false when something is wrong, or cannot be said this way. */
  admits(start: number, host: number, frames: number, access: DmaAccess, extra = 1): boolean {
    const { needsRegistration, mappingLimit } = this.#options;
    return (
      (access === "read-write" || access === "read") &&
      frames > 0 &&
      host >= 0 &&
      host + frames <= this.#hostFrames &&
      !this.#contiguous &&
      this.#frameWindows.fit(start, frames, host) &&
      !this.#table.overlaps(start, start + frames) &&
      this.#reservations.count === 0 &&
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
    this.#checkFree("map", iova, size);
    this.#checkHost(host, size, "map");
    this.#checkContiguity(iova, host, size);
    const limit = this.#options.mappingLimit;
    if (limit !== undefined && this.#table.count + extra > limit)
      throw refusal.mappingLimit(limit, this.#table.count);
  }

  /** Records a mapping that the kernel has. The range was admitted. */
  add(iova: Iova, host: HostAddress, size: ByteSize, access: DmaAccess): void {
    this.addFrames(wholeFrames(iova), hostFrames(host), wholeFrames(size), ACCESS_TAGS[access]);
  }

  /** `add` in frames, with the tag of its access. */
  addFrames(start: number, host: number, frames: number, tag: number): void {
    this.#table.insert(start, start + frames, host, tag);
    this.#options.memory.use(host, host + frames, 1);
  }

  /** Takes a range for a mapping that the kernel does not have yet. */
  addPending(iova: Iova, host: HostAddress, size: ByteSize, access: DmaAccess): void {
    const tag = ACCESS_TAGS[access] | PENDING;
    this.addFrames(wholeFrames(iova), hostFrames(host), wholeFrames(size), tag);
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

  /** Takes a range of a window in which nothing is to be mapped; `what` is said to who tries. */
  reserve(iova: Iova, size: ByteSize, what: string): void {
    checkAddress("reserve", "iova", iova);
    checkAddress("reserve", "size", size);
    this.#checkWindow("reserve", iova, size, undefined);
    this.#checkFree("reserve", iova, size);
    this.#reservations.add(iova, size, what);
  }

  /** Gives a reservation back. */
  release(iova: Iova): void {
    this.#reservations.remove(iova);
  }

  /** What the lowest reservation of the range is, or undefined. */
  reservedIn(iova: Iova, last: Iova): string | undefined {
    return this.#reservations.meeting(iova, last)?.what;
  }

  /** Bytes that every mapping at this IOVA is a multiple of; 4 KiB outside every window. */
  granuleAt(iova: Iova): bigint {
    const window = this.#windows.find((each) => each.start <= iova && iova <= each.last);
    return window === undefined ? 1n << PAGE_FRAME_SHIFT : granuleOf(window);
  }

  /** Whether these frames are exactly one mapping that any unmap may remove: the usual case. */
  isWhole(start: number, frames: number): boolean {
    if (!(frames > 0 && this.#frameWindows.fit(start, frames, 0))) return false;
    const tag = this.#table.tagOf(start, start + frames);
    return tag > 0 && tag < PENDING;
  }

  /** Forgets the mapping of which `isWhole` was true. */
  removeWhole(start: number, frames: number): void {
    const host = this.#table.take(start);
    this.#options.removed?.({ start, end: start + frames });
    this.#options.memory.use(host, host + frames, -1);
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
    this.#reservations.clear();
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
      const at = this.#findFreeFrom(window.start, last, size, step);
      if (at !== undefined) return at;
    }
    return undefined;
  }

  /** The lowest free range that meets no reservation: past each that it meets, it looks again. */
  #findFreeFrom(start: Iova, last: bigint, size: bigint, step: bigint): Iova | undefined {
    let from = pageFrame(start);
    for (;;) {
      const at = this.#table.findFree({
        from,
        // The frame of `last` is whole only if `last` is its final byte.
        to: Number((last + 1n) >> PAGE_FRAME_SHIFT),
        frames: Number(size >> PAGE_FRAME_SHIFT),
        alignment: Number(step >> PAGE_FRAME_SHIFT),
      });
      if (at < 0) return undefined;
      const found = frameToIova(at);
      const reserved = this.#reservations.meeting(found, found + size - 1n);
      if (reserved === undefined) return found;
      from = Number((reserved.last + 1n) >> PAGE_FRAME_SHIFT);
    }
  }

  #remove(start: number): void {
    const entry = this.#table.find(start);
    if (entry === undefined) return;
    this.#table.take(start);
    if (isInvalid(entry)) this.#invalid--;
    this.#options.removed?.(entry);
    this.#use(entry, -1);
  }

  #replace(entry: TableEntry): void {
    const before = this.#table.find(entry.start);
    if (before === undefined) return;
    this.#table.take(entry.start);
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
    const bits = this.#hostBits;
    if (host + size > 1n << BigInt(bits)) throw refusal.hostWraps(operation, host, size, bits);
    if (!this.#options.needsRegistration) return;
    const start = pageFrame(host);
    if (!this.registrations.covers(start, start + frameCount(size)))
      throw refusal.notRegistered(host, size);
  }

  /** One translation serves a whole piece: a smaller page behind it would be whoever's is next (I5). */
  #checkContiguity(iova: Iova, host: HostAddress, size: ByteSize): void {
    const piece = this.#windows.find(
      (each) => each.start <= iova && iova <= each.last,
    )?.hostContiguity;
    if (piece === undefined) return;
    const start = pageFrame(host);
    const end = start + frameCount(size);
    const backing =
      this.registrations.pageSizeOf(start, end) ?? this.#options.memory.pageSizeOf(start, end);
    if (backing === undefined || BigInt(backing) < piece)
      throw refusal.notContiguous(host, size, piece, backing);
  }

  #checkFree(operation: string, iova: Iova, size: ByteSize): void {
    const start = pageFrame(iova);
    const end = start + frameCount(size);
    if (this.#table.overlaps(start, end)) {
      const [entry] = this.#table.range(start, end);
      throw refusal.alreadyMapped(iova, size, entry && toMapping(entry), operation);
    }
    const what = this.#reservations.meeting(iova, iova + size - 1n)?.what;
    if (what !== undefined) throw refusal.reserved(operation, iova, size, what);
  }
}

export function checkAddress(operation: string, name: string, value: unknown): bigint {
  if (typeof value !== "bigint" || value < 0n || value > MAX_ADDRESS)
    throw refusal.notAnAddress(operation, name, value);
  return value;
}
