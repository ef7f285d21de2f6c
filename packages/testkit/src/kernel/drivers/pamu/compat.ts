// The vendor's VFIO driver as it is: attributes and MSI calls answer 0 whatever became of them.
//
// It keeps its own idea of the aperture, stored before the domain is asked, and divides by it. Where the
// real one would divide by zero or never end, the run stops with an error of the program's (pamu.md 3.3 to
// 3.6).

import { ATTR_GEOMETRY, ATTR_PAMU_STASH, ATTR_WINDOWS } from "../../decode/pamu.ts";
import { EBUSY, EFAULT, EINVAL, ENODEV, ENOMEM } from "../../errno.ts";
import { ALL_WINDOWS } from "../../iommu/pamu/domain.ts";
import { stashId } from "../../iommu/pamu/stash.ts";
import type { IoctlCall } from "../../open-file.ts";
import { PAGE } from "../../user-memory.ts";
import { CompatWindows } from "./compat-windows.ts";
import type { PamuCalls, PamuContainer } from "./container.ts";
import {
  accessOf,
  type MsiMapRequest,
  readAttribute,
  readMap,
  readMsiMap,
  readMsiUnmap,
  readUnmap,
} from "./requests.ts";

const MOST_WINDOWS_OF_THE_ABI = 256;
const MSI_WINDOW = 4096;

/** Which window 4.1's STASH means: the field of the kernel's attribute that nobody sets. */
export type StackGarbage = () => number;

export class CompatCalls implements PamuCalls {
  readonly #container: PamuContainer;
  readonly #garbage: StackGarbage;
  readonly #windows: CompatWindows;
  /** MSI banks by the IOVA they were mapped at. */
  readonly #banks: { readonly iova: bigint; readonly window: number }[] = [];

  constructor(container: PamuContainer, garbage: StackGarbage) {
    this.#container = container;
    this.#garbage = garbage;
    this.#windows = new CompatWindows(container);
  }

  /** The struct goes back even when nothing was put into it. */
  getAttribute(call: IoctlCall): number {
    const { order, domain } = this.#container;
    const struct = readAttribute(call, order);
    if (typeof struct === "number") return struct;
    const { view, bytes } = struct;
    const attribute = view.u32("attribute");
    if (attribute === ATTR_GEOMETRY) {
      view.setU64("aperture_start", BigInt(domain.geometry.start));
      view.setU64("aperture_end", BigInt(domain.geometry.end));
    } else if (attribute === ATTR_WINDOWS) view.setU32("windows", domain.count);
    else if (attribute === ATTR_PAMU_STASH) {
      view.setU32("cpu", domain.stash.cpu);
      view.setU32("cache", domain.stash.cache);
    }
    return call.argument.write(0, bytes) ? 0 : -EFAULT;
  }

  setAttribute(call: IoctlCall): number {
    const struct = readAttribute(call, this.#container.order);
    if (typeof struct === "number") return struct;
    const { view } = struct;
    const attribute = view.u32("attribute");
    if (attribute === ATTR_GEOMETRY)
      this.#setGeometry(view.u64("aperture_start"), view.u64("aperture_end"));
    else if (attribute === ATTR_WINDOWS) this.#setWindows(view.u32("windows"));
    else if (attribute === ATTR_PAMU_STASH) this.#setStash(view.u32("cpu"), view.u32("cache"));
    return 0;
  }

  mapMsi(call: IoctlCall): number {
    const request = readMsiMap(call, this.#container.order);
    if (typeof request === "number") return request;
    this.#mapBank(request);
    return 0;
  }

  unmapMsi(call: IoctlCall): number {
    const request = readMsiUnmap(call, this.#container.order);
    if (typeof request === "number") return request;
    const index = this.#banks.findIndex(({ iova }) => iova === request.iova);
    const [bank] = index === -1 ? [] : this.#banks.splice(index, 1);
    if (bank !== undefined) this.#container.domain.disableWindow(bank.window);
    return 0;
  }

  mapDma(call: IoctlCall): number {
    const { order, list, domain } = this.#container;
    const request = readMap(call, order);
    if (typeof request === "number") return request;
    const { iova, size } = request;
    if (list.overlapping(iova, size).length > 0) return -EBUSY;
    if (isOverLimit(call, size)) return -ENOMEM;
    const errno = this.#windows.map(call, request);
    if (errno !== 0) return errno;
    domain.setEnabled(true);
    list.insertMerged({ ...request, process: call.process });
    return 0;
  }

  unmapDma(call: IoctlCall): number {
    const { order, list, domain } = this.#container;
    const request = readUnmap(call, order);
    if (typeof request === "number") return request;
    const size = request.size - (request.size % BigInt(PAGE));
    for (const entry of list.overlapping(request.iova, size))
      this.#windows.demandWhole(entry, request.iova, size);
    const pieces = list.cut(request.iova, size);
    for (const piece of pieces) this.#windows.release(piece);
    if (pieces.length > 0 && list.isEmpty) domain.setEnabled(false);
    return 0;
  }

  release(): void {
    const { list } = this.#container;
    for (const entry of [...list.all]) {
      this.#windows.demandWhole(entry, entry.iova, entry.size);
      for (const piece of list.cut(entry.iova, entry.size)) this.#windows.release(piece);
    }
  }

  /** Those whose window still leads to them. */
  pinnedPages(iova: bigint, size: bigint): number {
    return this.#windows.countIn(iova, size) * this.#windows.pagesEach;
  }

  /** One for each window, however large it is. */
  lockedPages(iova: bigint, size: bigint): number {
    return this.#windows.countIn(iova, size);
  }

  /** Stored first, asked afterwards: a refusal leaves the driver with a wrong idea. */
  #setGeometry(start: bigint, end: bigint): void {
    this.#windows.setAperture(start, end);
    const isExact = end <= BigInt(Number.MAX_SAFE_INTEGER) && start <= end;
    if (isExact) this.#container.domain.setGeometry({ start: Number(start), end: Number(end) });
  }

  #setWindows(count: number): void {
    if (count > MOST_WINDOWS_OF_THE_ABI) return;
    this.#windows.divide(count);
    this.#container.domain.setWindows(count);
  }

  #setStash(cpu: number, cache: number): void {
    const { driver, domain } = this.#container;
    const window = driver.stashWindow === "uninitialised" ? this.#garbage() : ALL_WINDOWS;
    domain.setStash({ cpu, cache, id: stashId(driver.soc, cpu, cache) }, window);
  }

  #mapBank({ flags, bank, iova }: MsiMapRequest): number {
    const { driver, domain } = this.#container;
    const prot = accessOf(flags);
    if (!(prot.read || prot.write)) return -EINVAL;
    const place = driver.soc.msiBanks[bank];
    if (place === undefined) return -ENODEV;
    const window = this.#windows.windowOf(iova);
    const errno = domain.enableWindow(window, { pa: place.alias, size: MSI_WINDOW, prot });
    if (errno === 0) this.#banks.push({ iova, window });
    return errno;
  }
}

/** The counter may have gone below zero, where it is a very large number. */
function isOverLimit({ process }: IoctlCall, size: bigint): boolean {
  const { locked } = process;
  const wanted = locked.pages + Number(size / BigInt(PAGE));
  return !locked.unlimited && (wanted < 0 || wanted > locked.limitPages);
}
