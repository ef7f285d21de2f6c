// Page frames for what an IOMMU reads by itself: page tables, rings, status words.
//
// All of them lie in one growing array of 32-bit words, so that a page walk is a few array reads
// without BigInt. The hardware's tables are little-endian 8-byte entries: entry e of a table is the
// pair words[2e] (bits 31..0) and words[2e+1] (bits 63..32). A word holds its *value*; whoever wants
// bytes gets them from readBytes and writeBytes, which compute little-endian bytes from values and
// are therefore right on a big-endian host too. Never keep `words` over an allocation: it may grow.

/** Physical address 1 MiB: below the data frames, so table frame numbers are small integers. */
export const FIRST_TABLE_FRAME = 0x100;
/** The memory below 4 GiB ends at 3 GiB on this machine, as on many PCs. */
const MOST_TABLES = 0xc0000 - FIRST_TABLE_FRAME;
const WORDS = 1024;
/** Nonsense as an entry for every IOMMU here: an address far outside memory and reserved bits. */
const POISON = 0xdbdbdbdb;

export class TableArena {
  words: Uint32Array = new Uint32Array(64 * WORDS);
  #used = 0;
  readonly #free: number[] = [];
  readonly #isFree = new Set<number>();

  /** Frames handed out and not given back: what a leak check compares. */
  get inUse(): number {
    return this.#used - this.#free.length;
  }

  /** A zeroed frame. */
  allocate(): number {
    const recycled = this.#free.pop();
    const frame = recycled ?? this.#grow();
    this.#isFree.delete(frame);
    this.words.fill(0, this.indexOf(frame), this.indexOf(frame) + WORDS);
    return frame;
  }

  /** Gives a frame back and overwrites it, so that hardware which still walks it is seen to fault. */
  free(frame: number): void {
    if (!this.has(frame) || this.#isFree.has(frame))
      throw new Error(`frame 0x${frame.toString(16)} is not an allocated table frame`);
    this.#free.push(frame);
    this.#isFree.add(frame);
    this.words.fill(POISON, this.indexOf(frame), this.indexOf(frame) + WORDS);
  }

  /** Whether the frame was ever handed out. */
  has(frame: number): boolean {
    return frame >= FIRST_TABLE_FRAME && frame < FIRST_TABLE_FRAME + this.#used;
  }

  /** Where a frame begins in `words`. */
  indexOf(frame: number): number {
    return (frame - FIRST_TABLE_FRAME) * WORDS;
  }

  readBytes(frame: number, offset: number, into: Uint8Array): void {
    const start = this.indexOf(frame);
    for (let at = 0; at < into.length; at++) {
      const byte = offset + at;
      into[at] = (this.words[start + (byte >>> 2)] ?? 0) >>> (8 * (byte & 3));
    }
  }

  writeBytes(frame: number, offset: number, from: Uint8Array): void {
    const start = this.indexOf(frame);
    for (let at = 0; at < from.length; at++) {
      const word = start + ((offset + at) >>> 2);
      const shift = 8 * ((offset + at) & 3);
      const kept = (this.words[word] ?? 0) & ~(0xff << shift);
      this.words[word] = kept | ((from[at] ?? 0) << shift);
    }
  }

  #grow(): number {
    if (this.#used === MOST_TABLES)
      throw new Error("the simulated machine has no table frames left");
    if (this.#used * WORDS === this.words.length) {
      const larger = new Uint32Array(this.words.length * 2);
      larger.set(this.words);
      this.words = larger;
    }
    return FIRST_TABLE_FRAME + this.#used++;
  }
}
