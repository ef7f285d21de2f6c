// Page frames for what an IOMMU reads by itself: page tables, rings, status words.
//
// All of them lie in one growing array of 32-bit words, so that a page walk is a few array reads
// without BigInt. The hardware's tables are little-endian 8-byte entries: entry e of a table is the
// pair words[2e] (bits 31..0) and words[2e+1] (bits 63..32). A word holds its *value*; whoever wants
// bytes gets them from readBytes and writeBytes, which compute little-endian bytes from values and
// are therefore right on a big-endian host too. Never keep `words` over an allocation: it may grow.

/**
 * The frame with which `words` begins, so that a frame times 1024 is its place: hardware that walks
 * tables computes nothing else (bench translate).
 */
export const FIRST_TABLE_FRAME = 0;
/**
 * The first megabyte is nobody's: small numbers are what a device uses that is not translated, and an
 * entry of zeros points there. The host commits none of it.
 */
const RESERVED = 0x100;
/** The memory below 4 GiB ends at 3 GiB on this machine, as on many PCs. */
const MOST_TABLES = 0xc0000;
const WORDS = 1024;
const FIRST_FRAMES: number = RESERVED + 64;
/** Nonsense as an entry for every IOMMU here: an address far outside memory and reserved bits. */
const POISON = 0xdbdbdbdb;

/** What `#states` says of a frame. */
const IN_USE = 0;
/** In use, and somebody wrote to it by its address: a device, or a unit that reports. */
const WRITTEN = 1;
const FREE_ZERO = 2;
const FREE = 3;

export class TableArena {
  words: Uint32Array = new Uint32Array(FIRST_FRAMES * WORDS);
  /**
   * Two numbers for each frame, at twice its number, for whoever it was given to: what a kernel keeps
   * in its struct page. Zero at first. May move when the arena grows, as `words` may.
   */
  notes: Int32Array = new Int32Array(FIRST_FRAMES * 2);
  /** Frames from the first one on that are or were in use. */
  #used: number = RESERVED;
  readonly #free: number[] = [];
  #states: Uint8Array = new Uint8Array(FIRST_FRAMES);

  /** Frames handed out and not given back: what a leak check compares. */
  get inUse(): number {
    return this.#used - RESERVED - this.#free.length;
  }

  /** A zeroed frame. */
  allocate(): number {
    const recycled = this.#free.pop();
    if (recycled === undefined) return this.#grow();
    if (this.#states[recycled] !== FREE_ZERO)
      this.words.fill(0, this.indexOf(recycled), this.indexOf(recycled) + WORDS);
    this.#states[recycled] = IN_USE;
    this.notes[2 * recycled] = 0;
    this.notes[2 * recycled + 1] = 0;
    return recycled;
  }

  /**
   * Gives a frame back and overwrites it, so that hardware which still walks it is seen to fault.
   * `contents` zero: its owner has made every word zero again. Then it is left so, because each entry
   * faults already, and is not cleared for its next owner: to write it twice was a tenth of all that it
   * takes to map and unmap a page (bench sim-map-unmap).
   */
  free(frame: number, contents: "zero" | "any" = "any"): void {
    const state = this.#states[frame] ?? FREE;
    if (!this.has(frame) || state >= FREE_ZERO)
      throw new Error(`frame 0x${frame.toString(16)} is not an allocated table frame`);
    this.#free.push(frame);
    const isZero = contents === "zero" && state === IN_USE;
    this.#states[frame] = isZero ? FREE_ZERO : FREE;
    if (!isZero) this.words.fill(POISON, this.indexOf(frame), this.indexOf(frame) + WORDS);
  }

  /** Whether the frame was ever handed out. */
  has(frame: number): boolean {
    return frame >= RESERVED && frame < this.#used;
  }

  /** Where a frame begins in `words`. */
  indexOf(frame: number): number {
    return frame * WORDS;
  }

  /** A word that comes by its physical address, not from the frame's owner. */
  storeWord(frame: number, word: number, value: number): void {
    this.words[this.indexOf(frame) + word] = value;
    this.#note(frame);
  }

  readBytes(frame: number, offset: number, into: Uint8Array): void {
    const start = this.indexOf(frame);
    for (let at = 0; at < into.length; at++) {
      const byte = offset + at;
      into[at] = (this.words[start + (byte >>> 2)] ?? 0) >>> (8 * (byte & 3));
    }
  }

  writeBytes(frame: number, offset: number, from: Uint8Array): void {
    this.#note(frame);
    const start = this.indexOf(frame);
    for (let at = 0; at < from.length; at++) {
      const word = start + ((offset + at) >>> 2);
      const shift = 8 * ((offset + at) & 3);
      const kept = (this.words[word] ?? 0) & ~(0xff << shift);
      this.words[word] = kept | ((from[at] ?? 0) << shift);
    }
  }

  /** The frame no longer holds what its owner believes. */
  #note(frame: number): void {
    this.#states[frame] = (this.#states[frame] ?? FREE) < FREE_ZERO ? WRITTEN : FREE;
  }

  #grow(): number {
    if (this.#used === MOST_TABLES)
      throw new Error("the simulated machine has no table frames left");
    if (this.#used === this.#states.length) {
      this.words = twice(this.words, new Uint32Array(this.words.length * 2));
      this.notes = twice(this.notes, new Int32Array(this.notes.length * 2));
      this.#states = twice(this.#states, new Uint8Array(this.#states.length * 2));
    }
    return this.#used++;
  }
}

/** The larger array with the smaller one's numbers in its first half. */
function twice<A extends Uint32Array | Int32Array | Uint8Array>(from: A, into: A): A {
  into.set(from);
  return into;
}
