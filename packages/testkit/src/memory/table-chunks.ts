// Contiguous tables of many frames that an IOMMU reads by itself: TCE tables of 4 KiB to 16 MiB.
//
// Each chunk has its own array of 32-bit words, so a table costs the host memory only where it was
// written. A word holds the value of its four bytes in little-endian order, as in `TableArena`.
// Frames only ever go up and are never given out again, so a table that hardware still uses after it
// was freed is seen. All lie above the data frames, below 2^48 bytes.

/** The first frame: no physical memory of a machine here reaches 2^46 bytes. */
const FIRST_CHUNK_FRAME: number = 2 ** 34;
const WORDS = 1024;
/** Freed chunks that are remembered as freed. */
const REMEMBERED = 4096;
/** Zeroed arrays of one size that are kept for the next table: making one of 4 MiB takes 0.5 ms. */
const KEPT = 4;

interface Chunk {
  readonly first: number;
  readonly frames: number;
  /** Gone once freed. */
  words: Uint32Array | undefined;
}

export class TableChunks {
  #chunks: Chunk[] = [];
  #cursor = FIRST_CHUNK_FRAME;
  #freed = 0;
  #framesInUse = 0;
  /** By first frame: a table's address is nearly always the start of its chunk. */
  readonly #live = new Map<number, Uint32Array>();
  readonly #zeroed = new Map<number, Uint32Array[]>();

  /** Frames handed out and not given back: what a leak check compares. */
  get framesInUse(): number {
    return this.#framesInUse;
  }

  /** The first of `frames` zeroed, contiguous frames. */
  allocate(frames: number): number {
    const first = this.#cursor;
    const words = this.#zeroed.get(frames)?.pop() ?? new Uint32Array(frames * WORDS);
    this.#chunks.push({ first, frames, words });
    this.#live.set(first, words);
    this.#cursor += frames + 1; // one frame too many is seen
    this.#framesInUse += frames;
    return first;
  }

  /** `contents`: whether every word is known to be zero again. */
  free(first: number, contents: "zero" | "any" = "any"): void {
    const chunk = this.#find(first);
    if (chunk?.words === undefined || chunk.first !== first)
      throw new Error(`frame 0x${first.toString(16)} is not an allocated table`);
    if (contents === "zero") this.#keep(chunk.frames, chunk.words);
    chunk.words = undefined;
    this.#live.delete(first);
    this.#framesInUse -= chunk.frames;
    this.#freed += 1;
    if (this.#freed > REMEMBERED) this.#forgetFreed();
  }

  /** The words of the table that begins at this frame; undefined if none does. Hot. */
  wordsAt(first: number): Uint32Array | undefined {
    return this.#live.get(first);
  }

  /** The value of a word counted from the start of any frame; undefined where no table is. */
  word(frame: number, word: number): number | undefined {
    const chunk = this.#find(frame);
    return chunk?.words?.[(frame - chunk.first) * WORDS + word];
  }

  /** Whether a live table lies in the frame. */
  has(frame: number): boolean {
    return this.#find(frame)?.words !== undefined;
  }

  /** Whether a table lies or lay in the frame. */
  had(frame: number): boolean {
    return this.#find(frame) !== undefined;
  }

  readBytes(frame: number, offset: number, into: Uint8Array): void {
    for (let at = 0; at < into.length; at++) {
      const byte = offset + at;
      into[at] = (this.word(frame, byte >>> 2) ?? 0) >>> (8 * (byte & 3));
    }
  }

  writeBytes(frame: number, offset: number, from: Uint8Array): void {
    const chunk = this.#find(frame);
    if (chunk?.words === undefined) return;
    const start = (frame - chunk.first) * WORDS;
    for (let at = 0; at < from.length; at++) {
      const word = start + ((offset + at) >>> 2);
      const shift = 8 * ((offset + at) & 3);
      const kept = (chunk.words[word] ?? 0) & ~(0xff << shift);
      chunk.words[word] = kept | ((from[at] ?? 0) << shift);
    }
  }

  /** Chunks are pushed at rising frames, so they are sorted. */
  #find(frame: number): Chunk | undefined {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#chunks[middle]?.first ?? 0) <= frame) low = middle + 1;
      else high = middle;
    }
    const chunk = this.#chunks[low - 1];
    return chunk !== undefined && frame < chunk.first + chunk.frames ? chunk : undefined;
  }

  #keep(frames: number, words: Uint32Array): void {
    const kept = this.#zeroed.get(frames) ?? [];
    this.#zeroed.set(frames, kept);
    if (kept.length < KEPT) kept.push(words);
  }

  #forgetFreed(): void {
    this.#chunks = this.#chunks.filter(({ words }) => words !== undefined);
    this.#freed = 0;
  }
}
