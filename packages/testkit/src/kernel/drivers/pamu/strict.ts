// The vendor's ABI with honest answers: every refusal is told, and has changed nothing.
//
// What the checks are and in which order: arguments, state, occupied windows, limits, memory (pamu.md 3.8).

import { ATTR_GEOMETRY, ATTR_PAMU_STASH, ATTR_WINDOWS } from "../../decode/pamu.ts";
import { EBUSY, EFAULT, EINVAL, ENODEV, ENOMEM } from "../../errno.ts";
import { ALL_WINDOWS } from "../../iommu/pamu/domain.ts";
import { APERTURE_END } from "../../iommu/pamu/liodn-tables.ts";
import { stashId } from "../../iommu/pamu/stash.ts";
import type { IoctlCall } from "../../open-file.ts";
import { PAGE } from "../../user-memory.ts";
import type { PamuCalls, PamuContainer } from "./container.ts";
import type { DmaEntry } from "./dma-list.ts";
import { type PinnedSlot, pinSlot, unpinSlot } from "./pin-slot.ts";
import {
  accessOf,
  type MapRequest,
  readAttribute,
  readMap,
  readMsiMap,
  readMsiUnmap,
  readUnmap,
} from "./requests.ts";

const KNOWN_FLAGS = 3;
const MSI_WINDOW = 4096;

export class StrictCalls implements PamuCalls {
  readonly #container: PamuContainer;
  /** Window of each MSI bank that is mapped. */
  readonly #banks = new Map<number, number>();
  /** What is pinned behind each RAM window. */
  readonly #slots = new Map<number, PinnedSlot>();

  constructor(container: PamuContainer) {
    this.#container = container;
  }

  getAttribute(call: IoctlCall): number {
    const { order, domain } = this.#container;
    const struct = readAttribute(call, order);
    if (typeof struct === "number") return struct;
    const { view, bytes } = struct;
    const attribute = view.u32("attribute");
    if (view.u32("flags") !== 0 || attribute > ATTR_PAMU_STASH) return -EINVAL;
    if (attribute === ATTR_GEOMETRY) {
      view.setU64("aperture_start", BigInt(domain.geometry.start));
      view.setU64("aperture_end", BigInt(domain.geometry.end));
    } else if (attribute === ATTR_WINDOWS) view.setU32("windows", domain.count);
    else {
      view.setU32("cpu", domain.stash.cpu);
      view.setU32("cache", domain.stash.cache);
    }
    return call.argument.write(0, bytes) ? 0 : -EFAULT;
  }

  setAttribute(call: IoctlCall): number {
    const { order, domain, driver } = this.#container;
    const struct = readAttribute(call, order);
    if (typeof struct === "number") return struct;
    const { view } = struct;
    if (view.u32("flags") !== 0) return -EINVAL;
    switch (view.u32("attribute")) {
      case ATTR_GEOMETRY:
        return this.#setGeometry(view.u64("aperture_start"), view.u64("aperture_end"));
      case ATTR_WINDOWS:
        return domain.setWindows(view.u32("windows"));
      case ATTR_PAMU_STASH: {
        const [cpu, cache] = [view.u32("cpu"), view.u32("cache")];
        return domain.setStash({ cpu, cache, id: stashId(driver.soc, cpu, cache) }, ALL_WINDOWS);
      }
      default:
        return -EINVAL;
    }
  }

  mapMsi(call: IoctlCall): number {
    const { order, domain, driver } = this.#container;
    const request = readMsiMap(call, order);
    if (typeof request === "number") return request;
    if (!domain.hasWindows) return -ENODEV;
    const place = driver.soc.msiBanks[request.bank];
    if (place === undefined) return -ENODEV;
    const prot = accessOf(request.flags);
    if ((request.flags & ~KNOWN_FLAGS) !== 0 || !prot.write) return -EINVAL;
    const window = this.#windowAt(request.iova);
    if (window === undefined) return -EINVAL;
    if (this.#banks.has(request.bank)) return -EBUSY;
    const errno = domain.enableWindow(window, { pa: place.alias, size: MSI_WINDOW, prot });
    if (errno === 0) this.#banks.set(request.bank, window);
    return errno;
  }

  unmapMsi(call: IoctlCall): number {
    const request = readMsiUnmap(call, this.#container.order);
    if (typeof request === "number") return request;
    const window = this.#windowAt(request.iova);
    const found = [...this.#banks].find(([, at]) => at === window);
    if (request.flags !== 0 || found === undefined || window === undefined) return -EINVAL;
    this.#container.domain.disableWindow(window);
    this.#banks.delete(found[0]);
    return 0;
  }

  mapDma(call: IoctlCall): number {
    const { order, list, domain } = this.#container;
    const request = readMap(call, order);
    if (typeof request === "number") return request;
    if (!domain.hasWindows) return -ENODEV;
    const first = this.#windowAt(request.iova);
    const count = Number(request.size) / domain.slot;
    if (first === undefined || !Number.isInteger(count)) return -EINVAL;
    if (first + count > domain.count) return -EINVAL;
    for (let window = first; window < first + count; window++)
      if (domain.isWindowValid(window)) return -EBUSY;
    if (Number(request.size) / PAGE > call.process.locked.room()) return -ENOMEM;
    const errno = this.#mapWindows(call, request, first, count);
    if (errno !== 0) return errno;
    if (!domain.enabled) domain.setEnabled(true);
    list.insert({ ...request, process: call.process });
    return 0;
  }

  unmapDma(call: IoctlCall): number {
    const { order, list, domain } = this.#container;
    const request = readUnmap(call, order);
    if (typeof request === "number") return request;
    const { iova, size } = request;
    if (size === 0n || iova + size > 1n << 64n) return -EINVAL;
    if (!domain.hasWindows) return 0;
    const [slot, start] = [BigInt(domain.slot), BigInt(domain.geometry.start)];
    if ((iova - start) % slot !== 0n || size % slot !== 0n) return -EINVAL;
    const pieces = list.cut(iova, size);
    for (const piece of pieces) this.#releaseWindows(piece);
    if (pieces.length > 0 && list.isEmpty) domain.setEnabled(false);
    return 0;
  }

  release(): void {
    const { list } = this.#container;
    for (const entry of [...list.all])
      for (const piece of list.cut(entry.iova, entry.size)) this.#releaseWindows(piece);
  }

  pinnedPages(iova: bigint, size: bigint): number {
    const slot = this.#container.domain.slot;
    let pages = 0;
    for (let at = iova; at < iova + size; at += BigInt(slot))
      pages += this.#slots.get(this.#windowAt(at) ?? -1)?.pages ?? 0;
    return pages;
  }

  lockedPages(_iova: bigint, size: bigint): number {
    return Number(size) / PAGE;
  }

  #setGeometry(start: bigint, end: bigint): number {
    if (end >= BigInt(APERTURE_END) || start > end) return -EINVAL;
    return this.#container.domain.setGeometry({ start: Number(start), end: Number(end) });
  }

  /** All windows or none: memory first, because only it can still fail. */
  #mapWindows(call: IoctlCall, request: MapRequest, first: number, count: number): number {
    const { domain } = this.#container;
    const slots: PinnedSlot[] = [];
    for (let index = 0; index < count; index++) {
      const slot = this.#pin(call, request, index);
      if (typeof slot !== "number") {
        slots.push(slot);
        continue;
      }
      for (const pinned of slots) unpinSlot(pinned);
      return slot;
    }
    for (const [index, slot] of slots.entries()) {
      const target = { pa: slot.pa, size: domain.slot, prot: request.access };
      const errno = domain.enableWindow(first + index, target);
      if (errno !== 0) throw new Error(`a window that was checked is refused: ${errno}`);
      this.#slots.set(first + index, slot);
    }
    call.process.locked.pages += Number(request.size) / PAGE;
    return 0;
  }

  /** One slot's memory: in one piece, aligned to its size. */
  #pin({ process }: IoctlCall, request: MapRequest, index: number): PinnedSlot | number {
    const { slot } = this.#container.domain;
    const vaddr = request.vaddr + BigInt(index * slot);
    const pinned = pinSlot(process, vaddr, slot / PAGE, request.access.write ? "write" : "read");
    if (typeof pinned === "number" || pinned.pa % slot === 0) return pinned;
    unpinSlot(pinned);
    return -EFAULT;
  }

  #releaseWindows({ iova, size, process }: DmaEntry): void {
    const { domain } = this.#container;
    for (let at = iova; at < iova + size; at += BigInt(domain.slot)) {
      const window = this.#windowAt(at);
      const slot = window === undefined ? undefined : this.#slots.get(window);
      if (window === undefined || slot === undefined) continue;
      domain.disableWindow(window);
      this.#slots.delete(window);
      unpinSlot(slot);
    }
    process.locked.pages -= Number(size) / PAGE;
  }

  /** The window that begins at an address. */
  #windowAt(iova: bigint): number | undefined {
    const { geometry, slot } = this.#container.domain;
    const [start, end] = [BigInt(geometry.start), BigInt(geometry.end)];
    if (iova < start || iova > end) return undefined;
    const offset = Number(iova - start);
    return offset % slot === 0 ? offset / slot : undefined;
  }
}
