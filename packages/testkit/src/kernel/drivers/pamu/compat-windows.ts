// The vendor driver's own idea of windows: where they begin, how large they are, what is pinned behind.
//
// It is stored before the domain is asked, so the two may differ; every number is the kernel's 64-bit
// arithmetic. What would divide by zero or count down for ever is an error of the program's.

import { EINVAL } from "../../errno.ts";
import type { IoctlCall } from "../../open-file.ts";
import { SimulatedCrash } from "../../simulated-crash.ts";
import { PAGE } from "../../user-memory.ts";
import { SimulatedHang } from "../../vfio-core.ts";
import type { PamuContainer } from "./container.ts";
import { type DmaEntry, intersection } from "./dma-list.ts";
import { type PinnedSlot, pinSlot, unpinSlot } from "./pin-slot.ts";
import type { MapRequest } from "./requests.ts";

export class CompatWindows {
  readonly #container: PamuContainer;
  #start = 0n;
  #end = 0n;
  #page = 0n;
  /** Pins by physical address: the driver finds them again by asking where an address leads. */
  readonly #pins = new Map<number, PinnedSlot[]>();

  constructor(container: PamuContainer) {
    this.#container = container;
  }

  /** Pages of 4 KiB in a window; 0 before there are any. */
  get pagesEach(): number {
    return Number(this.#page / BigInt(PAGE));
  }

  setAperture(start: bigint, end: bigint): void {
    this.#start = start;
    this.#end = end;
  }

  /** The size of a window, whatever the domain makes of the number. */
  divide(count: number): void {
    if (count === 0) throw new SimulatedCrash("SET_ATTR divides the aperture by 0 windows");
    this.#page = BigInt.asUintN(64, this.#end - this.#start + 1n) / BigInt(count);
  }

  /** An address below the start gives a number far above the last window. */
  windowOf(iova: bigint): number {
    const page = this.#pageOrCrash();
    return Number(BigInt.asUintN(32, BigInt.asUintN(64, iova - this.#start) / page));
  }

  /** Every whole window of the range; what is left over is not mapped, without a word. */
  map(call: IoctlCall, request: MapRequest): number {
    const count = request.size / this.#pageOrCrash();
    for (let done = 0n; done < count; done++) {
      const errno = this.#mapOne(call, request, done * this.#page);
      if (errno === 0) continue;
      this.#undo(request.iova, count, done);
      return errno;
    }
    return 0;
  }

  release({ iova, size }: Pick<DmaEntry, "iova" | "size">): void {
    for (let at = iova; at < iova + size; at += this.#page) this.#releaseOne(at);
  }

  /** The loop that gives pages back counts down by whole windows, below zero if need be. */
  demandWhole(entry: DmaEntry, iova: bigint, size: bigint): void {
    const { size: length } = intersection(entry, { iova, size });
    if (this.#page > 0n && length % this.#page === 0n) return;
    throw new SimulatedHang(
      `the driver unmaps 0x${length.toString(16)} bytes in steps of 0x${this.#page.toString(16)} and never ends`,
    );
  }

  /** How many whole windows of a range lead somewhere. */
  countIn(iova: bigint, size: bigint): number {
    let count = 0;
    if (this.#page === 0n) return count;
    for (let at = iova; at + this.#page <= iova + size; at += this.#page)
      if (this.#container.domain.isWindowValid(this.windowOf(at))) count += 1;
    return count;
  }

  /** The locked counter grows by one for each window, and falls by its pages when it goes. */
  #mapOne({ process }: IoctlCall, request: MapRequest, offset: bigint): number {
    const iova = request.iova + offset;
    const window = this.windowOf(iova);
    if (BigInt.asUintN(64, iova - this.#start) % this.#page !== 0n) return -EINVAL;
    const access = request.access.write ? "write" : "read";
    const slot = pinSlot(process, request.vaddr + offset, this.pagesEach, access);
    if (typeof slot === "number") return slot;
    const target = { pa: slot.pa, size: Number(this.#page), prot: request.access };
    const errno = this.#container.domain.enableWindow(window, target);
    if (errno !== 0) {
      unpinSlot(slot);
      return errno;
    }
    process.locked.pages += 1;
    this.#pins.set(slot.pa, [...(this.#pins.get(slot.pa) ?? []), slot]);
    return 0;
  }

  /** Takes back what was done, and with it every other window of the whole request. */
  #undo(iova: bigint, count: bigint, done: bigint): void {
    for (let index = 0n; index < done; index++) this.#releaseOne(iova + index * this.#page);
    const { domain } = this.#container;
    // No more windows than the domain has can be valid, however long the request was.
    const end = done + BigInt(domain.count);
    for (let index = done; index < count && index < end; index++)
      domain.disableWindow(this.windowOf(iova + index * this.#page));
  }

  /** Pins are found by where the address leads now; what was forgotten stays pinned. */
  #releaseOne(iova: bigint): void {
    const { domain } = this.#container;
    const pa = domain.iovaToPhys(Number(iova));
    domain.disableWindow(this.windowOf(iova));
    const slot = this.#pins.get(pa)?.pop();
    if (slot === undefined) return;
    unpinSlot(slot);
    slot.process.locked.pages -= slot.pages;
  }

  #pageOrCrash(): bigint {
    if (this.#page === 0n) throw new SimulatedCrash("the driver divides by a window size of 0");
    return this.#page;
  }
}
