// Ranges of a window in which nothing may be mapped: a PAMU's MSI windows. Few, so a list does.

import type { ByteSize, Iova } from "../address/address.ts";

interface Reservation {
  readonly iova: Iova;
  readonly last: bigint;
  /** Said to whoever is refused because of it. */
  readonly what: string;
}

export class Reservations {
  #list: readonly Reservation[] = [];

  get count(): number {
    return this.#list.length;
  }

  add(iova: Iova, size: ByteSize, what: string): void {
    const last = iova + size - 1n;
    this.#list = [...this.#list, { iova, last, what }].sort((a, b) => (a.iova < b.iova ? -1 : 1));
  }

  remove(iova: Iova): void {
    this.#list = this.#list.filter((each) => each.iova !== iova);
  }

  clear(): void {
    this.#list = [];
  }

  /** The lowest reservation that meets the range, ends included. */
  meeting(iova: bigint, last: bigint): Reservation | undefined {
    return this.#list.find((each) => each.iova <= last && iova <= each.last);
  }
}
