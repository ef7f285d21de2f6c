// Domain ids: the lowest free one, so that a history gives the same ids each time.

export class IdPool {
  readonly #taken = new Set<number>();
  readonly #first: number;
  readonly #limit: number;

  /** Ids from `first` up to, not including, `limit`. */
  constructor(first: number, limit: number) {
    this.#first = first;
    this.#limit = limit;
  }

  take(): number {
    for (let id = this.#first; id < this.#limit; id++) {
      if (this.#taken.has(id)) continue;
      this.#taken.add(id);
      return id;
    }
    throw new Error("no domain id is free");
  }

  giveBack(id: number): void {
    this.#taken.delete(id);
  }
}
