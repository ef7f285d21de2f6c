// Which windows a v2 container has, and where the kernel will put the next one.
//
// The kernel has two slots and takes the lower that is free. A fresh container has its default window in
// the first, at first only promised ("pending"): the kernel makes it with the first map, unmap or create.

import { bytes, type DmaWindow, type Iova, iova } from "@iommukit/core";
import { DEFAULT_PAGE, HIGH_START, mmioBelow4G, type WindowOffer } from "./offer.ts";
import type { PossibleWindow, ShapeRefusal } from "./window-shape.ts";

type Slot = 0 | 1;

/** Where the kernel will put a window. */
export interface Place {
  readonly slot: Slot;
  readonly start: bigint;
}

export class WindowSlots {
  readonly #offer: WindowOffer;
  readonly #slots: [DmaWindow | undefined, DmaWindow | undefined];
  #pending = true;
  #list: readonly DmaWindow[] = [];

  constructor(offer: WindowOffer) {
    this.#offer = offer;
    this.#slots = [defaultWindow(offer), undefined];
    this.#refresh();
  }

  /** By `start`; a new array whenever it changes, the same one until then. */
  get list(): readonly DmaWindow[] {
    return this.#list;
  }

  /** The default window is promised and neither made nor removed. */
  get pending(): boolean {
    return this.#pending;
  }

  /** The default window's last IOVA, while it is pending. */
  get pendingLast(): bigint {
    return this.#slots[0]?.last ?? -1n;
  }

  /** The default window is real: with the first unmap, or by the way when another was created. */
  made(): void {
    this.#pending = false;
  }

  /** Where the kernel will put this window, or why it would fail and keep what it charged for it. */
  place(shape: PossibleWindow): Place | ShapeRefusal {
    const slot = this.#slots.indexOf(undefined);
    if (slot !== 0 && slot !== 1) return NO_SLOT;
    return this.#offer.tables === "flat" ? this.#placeFlat(shape, slot) : this.#placeLevelled(slot);
  }

  add({ slot }: Place, start: Iova, shape: PossibleWindow): DmaWindow {
    const window = asWindow(this.#offer, start, shape);
    this.#slots[slot] = window;
    this.#pending = false;
    this.#refresh();
    return window;
  }

  remove(window: DmaWindow): void {
    const slot = this.#slots.findIndex((each) => each?.start === window.start);
    if (slot === 0) this.#pending = false;
    if (slot === 0 || slot === 1) this.#slots[slot] = undefined;
    this.#refresh();
  }

  /** Powernv: the first slot begins where the default window does, the second at bit 59. */
  #placeLevelled(slot: Slot): Place {
    return { slot, start: slot === 0 ? this.#offer.defaultWindow.start : HIGH_START };
  }

  /**
   * The LPAR's firmware (platforms/pseries/iommu.c, 6.12): a window like the default one can only be
   * had in the first slot, by a reset that must find no other; any other window begins at bit 59. While
   * there is one at bit 59 every further create fails, and on some paths the PE then refuses all windows
   * until the next boot.
   */
  #placeFlat(shape: PossibleWindow, slot: Slot): Place | ShapeRefusal {
    if (this.#list.some(({ start }) => start === HIGH_START)) return ONE_HIGH;
    const { start, size } = this.#offer.defaultWindow;
    if (slot === 0 && shape.pageSize === DEFAULT_PAGE && shape.size <= size) return { slot, start };
    return this.#offer.windows < 2 ? NO_HIGH : { slot, start: HIGH_START };
  }

  #refresh(): void {
    const windows = this.#slots.filter((window) => window !== undefined);
    this.#list = Object.freeze(windows.toSorted((a, b) => (a.start < b.start ? -1 : 1)));
  }
}

const NO_SLOT: ShapeRefusal = {
  code: "no-iova-space",
  sentence: "both windows of the container are in use",
  hint: "remove one first; the default window is one of them",
};
const ONE_HIGH: ShapeRefusal = {
  code: "no-iova-space",
  sentence: "the firmware gives no window beside the one at 0x800_0000_0000_0000",
  hint: "remove that one first",
};
const NO_HIGH: ShapeRefusal = {
  code: "no-iova-space",
  sentence: "the firmware has no window left beside the default one",
};

function defaultWindow(offer: WindowOffer): DmaWindow {
  const { start, size } = offer.defaultWindow;
  return asWindow(offer, iova(start), { pageSize: DEFAULT_PAGE, size });
}

function asWindow(
  offer: WindowOffer,
  start: Iova,
  { pageSize, size }: Pick<PossibleWindow, "pageSize" | "size">,
): DmaWindow {
  const { pageSizes, kernelPageSize } = offer;
  return Object.freeze({
    kind: "dynamic",
    start,
    last: iova(start + size - 1n),
    pageSize,
    // An entry is a page of the window's one size: no other helps inside it.
    hardwarePageSizes: BigInt(pageSize) & pageSizes,
    ...holesOf(offer, start, size, pageSize),
    // One entry serves a whole page of the window: the kernel takes no smaller pages behind it.
    ...(pageSize > kernelPageSize && { hostContiguity: bytes(pageSize) }),
  });
}

/** Between the default window and 4 GiB a PHB has its 32-bit MMIO and the port of 32-bit MSIs. */
function holesOf(
  offer: WindowOffer,
  start: bigint,
  size: bigint,
  pageSize: number,
): Pick<DmaWindow, "holes"> {
  const mmio = mmioBelow4G(offer);
  if (mmio === undefined || start !== offer.defaultWindow.start || size <= mmio.first - start)
    return {};
  const page = BigInt(pageSize);
  const first = (mmio.first / page) * page;
  // A window ends with 4 GiB or beyond: its size is a power of two and more than the default one's.
  const hole = bytes(mmio.end - first);
  return { holes: [{ iova: iova(first), size: hole, what: "32-bit MMIO and MSIs" }] };
}
