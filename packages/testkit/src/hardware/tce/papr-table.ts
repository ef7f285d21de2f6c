// One DMA window of a guest as its hypervisor keeps it: a bus range, a page size, a table of TCEs.
//
// A TCE is kept as a double: real address and permissions need less than 53 bits here.

const CHUNK = 4096;

export class PaprTable {
  readonly liobn: number;
  /** First 4 KiB frame of the bus range. */
  readonly firstFrame: number;
  readonly pageShift: number;
  readonly entries: number;
  readonly #chunks = new Map<number, Float64Array>();

  constructor(liobn: number, firstFrame: number, pageShift: number, entries: number) {
    this.liobn = liobn;
    this.firstFrame = firstFrame;
    this.pageShift = pageShift;
    this.entries = entries;
  }

  /** Frames of the bus range. */
  get frames(): number {
    return this.entries * 2 ** (this.pageShift - 12);
  }

  get(entry: number): number {
    return this.#chunks.get(Math.floor(entry / CHUNK))?.[entry % CHUNK] ?? 0;
  }

  put(entry: number, tce: number): void {
    const index = Math.floor(entry / CHUNK);
    const chunk = this.#chunks.get(index) ?? new Float64Array(CHUNK);
    this.#chunks.set(index, chunk);
    chunk[entry % CHUNK] = tce;
  }
}
