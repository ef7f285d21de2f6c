// An IOTLB: remembers translations until it is told to forget them, and no sooner than it must.
//
// A direct-mapped array of entries tagged with a domain and a page of any power-of-two size. Stale
// entries are the point: software that changes a table without an invalidation keeps seeing the old
// page, here as on silicon. It reads no memory and knows no table format.
//
// An entry is eight words, so that a lookup touches one cache line:
//   0 page address, low word     1 page address, high word
//   2 VALID | order << 8 | permissions << 4       3 domain
//   4 physical frame, low word   5 physical frame, high word      6, 7 unused

import { highWord, lowWord, powerOfTwo } from "./radix.ts";

export const CAN_READ = 1;
export const CAN_WRITE = 2;

/** Answers of `find` that are not frames. */
export const MISS = -1;
/** The page is cached, but not with the permission asked for. */
export const DENIED = -2;

const STRIDE = 8;
const VALID = 0x8000_0000;
const DEFAULT_ENTRIES = 4096;

export class Iotlb {
  readonly #words: Uint32Array;
  readonly #mask: number;
  /** Orders (log2 of frames) that may be cached, other than 0. */
  #largeOrders: number[] = [];
  #live = 0;

  /** `entries` is a power of two. */
  constructor(entries: number = DEFAULT_ENTRIES) {
    this.#words = new Uint32Array(entries * STRIDE);
    this.#mask = entries - 1;
  }

  /** Entries that hold a translation. */
  get size(): number {
    return this.#live;
  }

  /** The physical frame, `MISS` or `DENIED`. `needed` is CAN_READ or CAN_WRITE. Hot. */
  find(domain: number, frame: number, needed: number): number {
    const low = lowWord(frame);
    const high = highWord(frame);
    const words = this.#words;
    const at = ((low + Math.imul(domain, 0x9e37)) & this.#mask) * STRIDE;
    if (
      words[at] === low &&
      words[at + 1] === high &&
      words[at + 3] === domain &&
      ((words[at + 2] ?? 0) & 0xffff_ff0f) >>> 0 === VALID
    ) {
      if (((words[at + 2] ?? 0) & (needed << 4)) === 0) return DENIED;
      return physicalAt(words, at);
    }
    return this.#largeOrders.length === 0 ? MISS : this.#findLarge(domain, low, high, needed);
  }

  /** Remembers that the page of 2^order frames around `frame` is at `physical`, its first frame. */
  fill(domain: number, frame: number, order: number, physical: number, permissions: number): void {
    if (order === 0) {
      this.fillSmall(domain, frame, physical, permissions);
      return;
    }
    const low = pageLow(lowWord(frame), order);
    const high = pageHigh(highWord(frame), order);
    const at = this.#slot(domain, low, high, order);
    this.#store(at, domain, low, high, VALID | (order << 8) | (permissions << 4));
    this.#words[at + 4] = lowWord(physical);
    this.#words[at + 5] = highWord(physical);
    if (!this.#largeOrders.includes(order)) this.#largeOrders.push(order);
  }

  /** `fill` for a page of one frame, which most are: all of the arithmetic falls away. */
  fillSmall(domain: number, frame: number, physical: number, permissions: number): void {
    const low = lowWord(frame);
    const at = ((low + Math.imul(domain, 0x9e37)) & this.#mask) * STRIDE;
    this.#store(at, domain, low, highWord(frame), VALID | (permissions << 4));
    this.#words[at + 4] = lowWord(physical);
    this.#words[at + 5] = highWord(physical);
  }

  #store(at: number, domain: number, low: number, high: number, state: number): void {
    const words = this.#words;
    if (words[at + 2] === 0) this.#live++;
    words[at] = low;
    words[at + 1] = high;
    words[at + 2] = state;
    words[at + 3] = domain;
  }

  invalidateAll(): void {
    this.#words.fill(0);
    this.#largeOrders = [];
    this.#live = 0;
  }

  invalidateDomain(domain: number): void {
    for (let at = 0; at < this.#words.length; at += STRIDE)
      if (this.#words[at + 3] === domain) this.#drop(at);
  }

  /** Forgets every page of the domain that shares a frame with [first, first + frames). */
  invalidateRange(domain: number, first: number, frames: number): void {
    if (frames > this.#mask) {
      for (let at = 0; at < this.#words.length; at += STRIDE)
        if (this.#words[at + 3] === domain && this.#overlaps(at, first, frames)) this.#drop(at);
      return;
    }
    this.#invalidateOrder(domain, first, frames, 0);
    for (const order of this.#largeOrders) this.#invalidateOrder(domain, first, frames, order);
  }

  #invalidateOrder(domain: number, first: number, frames: number, order: number): void {
    const size = 2 ** order;
    for (let page = Math.floor(first / size) * size; page < first + frames; page += size) {
      const low = lowWord(page);
      const high = highWord(page);
      const at = this.#slot(domain, low, high, order);
      if (this.#matches(at, domain, low, high, order)) this.#drop(at);
    }
  }

  #findLarge(domain: number, low: number, high: number, needed: number): number {
    const words = this.#words;
    for (const order of this.#largeOrders) {
      const firstLow = pageLow(low, order);
      const firstHigh = pageHigh(high, order);
      const at = this.#slot(domain, firstLow, firstHigh, order);
      if (!this.#matches(at, domain, firstLow, firstHigh, order)) continue;
      if (((words[at + 2] ?? 0) & (needed << 4)) === 0) return DENIED;
      const within = (high - firstHigh) * 0x1_0000_0000 + (low - firstLow);
      return physicalAt(words, at) + within;
    }
    return MISS;
  }

  #slot(domain: number, low: number, high: number, order: number): number {
    const page = order >= 32 ? high >>> (order - 32) : (low >>> order) + order * 37;
    return ((page + Math.imul(domain, 0x9e37)) & this.#mask) * STRIDE;
  }

  #matches(at: number, domain: number, low: number, high: number, order: number): boolean {
    const words = this.#words;
    if (words[at] !== low || words[at + 1] !== high || words[at + 3] !== domain) return false;
    return ((words[at + 2] ?? 0) & 0xffff_ff0f) >>> 0 === (VALID | (order << 8)) >>> 0;
  }

  #overlaps(at: number, first: number, frames: number): boolean {
    const words = this.#words;
    const page = (words[at + 1] ?? 0) * 0x1_0000_0000 + (words[at] ?? 0);
    const size = 2 ** (((words[at + 2] ?? 0) >>> 8) & 0xff);
    return page < first + frames && first < page + size;
  }

  #drop(at: number): void {
    if (this.#words[at + 2] !== 0) this.#live--;
    this.#words.fill(0, at, at + STRIDE);
  }
}

/** An entry's physical frame. Below 2^32 it is an integer and no floating point. */
function physicalAt(words: Uint32Array, at: number): number {
  const high = words[at + 5] ?? 0;
  const low = words[at + 4] ?? 0;
  return high === 0 ? low : high * 0x1_0000_0000 + low;
}

/** The two words of the first frame of a page of 2^order frames. */
function pageLow(low: number, order: number): number {
  return order >= 32 ? 0 : (low & -powerOfTwo(order)) >>> 0;
}

function pageHigh(high: number, order: number): number {
  return order > 32 ? high & -powerOfTwo(order - 32) : high;
}
