// An IOTLB: remembers translations until it is told to forget them, and no sooner than it must.
//
// A direct-mapped array of entries tagged with a domain and a page of any power-of-two size. Stale
// entries are the point: software that changes a table without an invalidation keeps seeing the old
// page, here as on silicon. It reads no memory and knows no table format.
//
// An entry is three words of four, so that a lookup touches a quarter of a cache line:
//   0 page, low word of its first frame
//   1 domain | READ, WRITE << 16 | FAR << 18 | order << 20 | VALID << 31
//   2 physical frame, low word
// High words are kept apart, and are not zero only where FAR says so. Words are signed, and masks are
// numbers where they are used: an unsigned word or a constant of the module costs V8 a check or a
// conversion each time (bench translate; Node 24).

import { highWord, lowWord, powerOfTwo } from "./radix.ts";

export const CAN_READ = 1;
export const CAN_WRITE = 2;

/** Answers of `find` that are not frames. */
export const MISS = -1;
/** The page is cached, but not with the permission asked for. */
export const DENIED = -2;

const STRIDE = 4;
const VALID: number = 1 << 31;
const ORDER_SHIFT = 20;
const PERMISSION_SHIFT = 16;
/** The page or the physical frame does not fit into one word. */
const FAR: number = 1 << 18;
/** Everything of word 1 by which a page is recognised. */
const TAG: number = VALID | (0x3f << ORDER_SHIFT) | 0xffff;
const DEFAULT_ENTRIES = 4096;

export class Iotlb {
  readonly #words: Int32Array;
  /** By entry that is FAR: high words of page and physical frame. */
  readonly #far: Uint32Array;
  readonly #mask: number;
  /** Orders (log2 of frames) that may be cached. */
  #orders: number[] = [0];
  /** Whether every entry is of one frame and none is FAR. */
  #isPlain: boolean = true;

  /** `entries` is a power of two. */
  constructor(entries: number = DEFAULT_ENTRIES) {
    this.#words = new Int32Array(entries * STRIDE);
    this.#far = new Uint32Array(2 * entries);
    this.#mask = entries - 1;
  }

  /** Entries that hold a translation. */
  get size(): number {
    let live = 0;
    for (let at = 1; at < this.#words.length; at += STRIDE) if (this.#words[at] !== 0) live++;
    return live;
  }

  /**
   * The physical frame, `MISS` or `DENIED`. `domain` has 16 bits, `needed` is CAN_READ or CAN_WRITE.
   * Hot.
   */
  find(domain: number, frame: number, needed: number): number {
    const low = frame | 0;
    const words = this.#words;
    const at = ((low + Math.imul(domain, 0x9e37)) << 2) & (words.length - 4);
    if (words[at] === low) {
      const state = words[at | 1] ?? 0;
      // VALID, neither FAR nor of a large page.
      if ((state & ~0x3_0000) === (domain | 0x8000_0000) && frame <= 0xffff_ffff)
        return (state & (needed << 16)) === 0 ? DENIED : (words[at | 2] ?? 0) >>> 0;
    }
    return this.#isPlain ? -1 : this.#findAny(domain, frame, needed); // MISS
  }

  /** Remembers that the page of 2^order frames around `frame` is at `physical`, its first frame. */
  fill(domain: number, frame: number, order: number, physical: number, permissions: number): void {
    const low = pageLow(lowWord(frame), order);
    const high = pageHigh(highWord(frame), order);
    const at = this.#slot(domain, low, high, order);
    const physicalHigh = highWord(physical);
    const far = high > 0 || physicalHigh > 0 ? FAR : 0;
    this.#words[at] = low;
    this.#words[at + 1] = tagOf(domain, order) | (permissions << PERMISSION_SHIFT) | far;
    this.#words[at + 2] = lowWord(physical);
    this.#far[at / 2] = high;
    this.#far[at / 2 + 1] = physicalHigh;
    if (!this.#orders.includes(order)) this.#orders.push(order);
    this.#isPlain = this.#isPlain && order === 0 && far === 0;
  }

  /** `fill` where frame and physical frame have at most 31 bits and the page is one frame. Hot. */
  fillSmall(domain: number, frame: number, physical: number, permissions: number): void {
    const words = this.#words;
    const at = ((frame + Math.imul(domain, 0x9e37)) << 2) & (words.length - 4);
    words[at] = frame;
    words[at | 1] = domain | (permissions << 16) | 0x8000_0000; // VALID
    words[at | 2] = physical;
  }

  invalidateAll(): void {
    this.#words.fill(0);
    this.#orders = [0];
    this.#isPlain = true;
  }

  invalidateDomain(domain: number): void {
    for (let at = 0; at < this.#words.length; at += STRIDE)
      if (this.#isOf(at, domain)) this.#drop(at);
  }

  /** Forgets every page of the domain that shares a frame with [first, first + frames). */
  invalidateRange(domain: number, first: number, frames: number): void {
    if (frames > this.#mask) {
      for (let at = 0; at < this.#words.length; at += STRIDE)
        if (this.#isOf(at, domain) && this.#overlaps(at, first, frames)) this.#drop(at);
      return;
    }
    if (frames === 1) this.#invalidateSmall(domain, first);
    else this.#invalidateOrder(domain, first, frames, 0);
    if (this.#isPlain) return;
    for (const order of this.#orders) this.#invalidateOrder(domain, first, frames, order);
  }

  /** One page of one frame: what unmapping a page asks for. */
  #invalidateSmall(domain: number, frame: number): void {
    const low = lowWord(frame);
    const high = highWord(frame);
    const at = this.#slot(domain, low, high, 0);
    if (this.#matches(at, domain, low, high, 0)) this.#drop(at);
  }

  #invalidateOrder(domain: number, first: number, frames: number, order: number): void {
    const size = powerOfTwo(order);
    for (let page = Math.floor(first / size) * size; page < first + frames; page += size) {
      const low = lowWord(page);
      const high = highWord(page);
      const at = this.#slot(domain, low, high, order);
      if (this.#matches(at, domain, low, high, order)) this.#drop(at);
    }
  }

  #findAny(domain: number, frame: number, needed: number): number {
    const low = lowWord(frame);
    const high = highWord(frame);
    for (const order of this.#orders) {
      const firstLow = pageLow(low, order);
      const firstHigh = pageHigh(high, order);
      const at = this.#slot(domain, firstLow, firstHigh, order);
      if (!this.#matches(at, domain, firstLow, firstHigh, order)) continue;
      if ((this.#stateAt(at) & (needed << PERMISSION_SHIFT)) === 0) return DENIED;
      const within = (high - firstHigh) * 0x1_0000_0000 + (low - firstLow);
      return this.#high(at, 1) * 0x1_0000_0000 + lowWord(this.#words[at + 2] ?? 0) + within;
    }
    return MISS;
  }

  #slot(domain: number, low: number, high: number, order: number): number {
    const page = order >= 32 ? high >>> (order - 32) : (low >>> order) + order * 37;
    return ((page + Math.imul(domain, 0x9e37)) & this.#mask) * STRIDE;
  }

  #matches(at: number, domain: number, low: number, high: number, order: number): boolean {
    if (this.#words[at] !== (low | 0) || this.#high(at, 0) !== high) return false;
    return (this.#stateAt(at) & TAG) === tagOf(domain, order);
  }

  #overlaps(at: number, first: number, frames: number): boolean {
    const page = this.#high(at, 0) * 0x1_0000_0000 + lowWord(this.#words[at] ?? 0);
    const size = powerOfTwo((this.#stateAt(at) >>> ORDER_SHIFT) & 0x3f);
    return page < first + frames && first < page + size;
  }

  #isOf(at: number, domain: number): boolean {
    return this.#stateAt(at) !== 0 && (this.#stateAt(at) & 0xffff) === domain;
  }

  #stateAt(at: number): number {
    return this.#words[at + 1] ?? 0;
  }

  /** The high word of an entry's page (0) or physical frame (1). */
  #high(at: number, which: 0 | 1): number {
    return (this.#stateAt(at) & FAR) === 0 ? 0 : (this.#far[at / 2 + which] ?? 0);
  }

  #drop(at: number): void {
    this.#words[at] = 0;
    this.#words[at + 1] = 0;
    this.#words[at + 2] = 0;
  }
}

/** Word 1 of a page, but for what does not tell it from another. */
function tagOf(domain: number, order: number): number {
  return VALID | (order << ORDER_SHIFT) | domain;
}

/** The two words of the first frame of a page of 2^order frames. */
function pageLow(low: number, order: number): number {
  return order >= 32 ? 0 : (low & -powerOfTwo(order)) >>> 0;
}

function pageHigh(high: number, order: number): number {
  return order > 32 ? high & -powerOfTwo(order - 32) : high;
}
