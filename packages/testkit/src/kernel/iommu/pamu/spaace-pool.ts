// Who has which secondary entries: first fit over the table, in runs of (windows - 1).
//
// Linux keeps a gen_pool of 0x800 entries. What is not given back is lost for good (pamu.md 2.4).

interface Run {
  readonly first: number;
  readonly count: number;
}

export class SpaacePool {
  readonly size: number;
  /** Ascending and disjoint. */
  #runs: Run[] = [];

  constructor(size: number) {
    this.size = size;
  }

  /** Entries in use: what a leak check compares. */
  get inUse(): number {
    return this.#runs.reduce((sum, { count }) => sum + count, 0);
  }

  /** The live runs, ascending. */
  get runs(): readonly Run[] {
    return this.#runs;
  }

  /** The first of `count` free neighbours with the lowest index; undefined when there are none. */
  allocate(count: number): number | undefined {
    let first = 0;
    let index = 0;
    for (const run of this.#runs) {
      if (run.first - first >= count) break;
      first = run.first + run.count;
      index += 1;
    }
    if (first + count > this.size) return undefined;
    this.#runs.splice(index, 0, { first, count });
    return first;
  }

  /** Gives back the run that begins here. */
  free(first: number): void {
    const index = this.#runs.findIndex((run) => run.first === first);
    if (index === -1) throw new Error(`no run of secondary entries begins at ${first}`);
    this.#runs.splice(index, 1);
  }

  /** Gives back several runs and takes others, or changes nothing and answers undefined. */
  exchange(given: readonly number[], counts: readonly number[]): readonly number[] | undefined {
    const before = [...this.#runs];
    for (const first of given) this.free(first);
    const taken: number[] = [];
    for (const count of counts) {
      const first = this.allocate(count);
      if (first === undefined) {
        this.#runs = before;
        return undefined;
      }
      taken.push(first);
    }
    return taken;
  }
}
