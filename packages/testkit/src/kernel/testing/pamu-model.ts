// What the strict kernel must answer and what devices must reach, without tables or entries.
//
// Windows are a list, memory is blocks whose pages are contiguous only inside. Addresses are numbers.

const ENOMEM = -12;
const EFAULT = -14;
const EBUSY = -16;
const ENODEV = -19;
const EINVAL = -22;
export const ENOSPC = -28;

const PAGE = 4096;
const APERTURE_END = 2 ** 36;
const MOST_WINDOWS = 256;

/** Memory of the process: `unit` bytes lie together, the units anywhere. */
export interface Block {
  readonly address: bigint;
  readonly bytes: Uint8Array;
  readonly unit: number;
}

export type ModelWindow =
  | {
      readonly kind: "ram";
      readonly block: number;
      readonly offset: number;
      readonly flags: number;
    }
  | { readonly kind: "msi"; readonly bank: number; readonly flags: number };

export interface MapStep {
  readonly iova: number;
  readonly size: number;
  readonly block: number;
  readonly offset: number;
  readonly flags: number;
}

export class PamuModel {
  start = 0;
  end: number = APERTURE_END - 1;
  /** 0 until SET GEOMETRY. */
  size = 0;
  windows: (ModelWindow | undefined)[] | null = null;
  stash: readonly [number, number] = [0, 0];
  /** Groups in the container. */
  readonly groups: Set<number> = new Set([2]);
  /** Groups whose devices were cut off. */
  readonly cutOff: Set<number> = new Set();
  readonly #blocks: readonly Block[];
  readonly #banks: number;
  readonly #limit: number;

  constructor(blocks: readonly Block[], banks: number, lockedLimit: number) {
    this.#blocks = blocks;
    this.#banks = banks;
    this.#limit = lockedLimit;
  }

  get count(): number {
    return this.windows?.length ?? MOST_WINDOWS;
  }

  get slot(): number {
    return this.size / this.count;
  }

  get ramWindows(): number {
    return this.windows?.filter((window) => window?.kind === "ram").length ?? 0;
  }

  /** Numbers of the windows that lead somewhere. */
  get windowsInUse(): readonly number[] {
    return (this.windows ?? []).flatMap((held, window) => (held === undefined ? [] : [window]));
  }

  get lockedPages(): number {
    return this.ramWindows === 0 ? 0 : (this.ramWindows * this.slot) / PAGE;
  }

  /** Whether a group's LIODN is let through. */
  isOn(group: number): boolean {
    return this.groups.has(group) && this.ramWindows > 0 && !this.cutOff.has(group);
  }

  setGeometry(start: number, end: number): number {
    const size = end - start + 1;
    if (!isPower(size) || size < PAGE || start % size !== 0 || end >= APERTURE_END) return EINVAL;
    if (this.#used > 0) return EBUSY;
    [this.start, this.end, this.size, this.windows] = [start, end, size, null];
    return 0;
  }

  /** `ENOSPC` is the caller's to judge: it depends on who else has secondary entries. */
  setWindows(count: number): number {
    if (count > MOST_WINDOWS || !isPower(count) || this.size === 0) return EINVAL;
    if (this.size / count < PAGE) return EINVAL;
    if (this.#used > 0) return EBUSY;
    this.windows = new Array<ModelWindow | undefined>(count).fill(undefined);
    return 0;
  }

  map({ iova, size, block, offset, flags }: MapStep): number {
    if (flags === 0 || flags > 3 || size < PAGE) return EINVAL;
    if (this.windows === null) return ENODEV;
    const first = this.#windowAt(iova);
    const count = size / this.slot;
    if (first === undefined || !Number.isInteger(count) || first + count > this.count)
      return EINVAL;
    const wanted = Array.from({ length: count }, (_, index) => first + index);
    if (wanted.some((window) => this.windows?.[window] !== undefined)) return EBUSY;
    if (this.lockedPages + size / PAGE > this.#limit) return ENOMEM;
    const places = wanted.map((_, index) => offset + index * this.slot);
    if (!places.every((place) => this.#isOnePiece(block, place))) return EFAULT;
    for (const [index, window] of wanted.entries())
      this.windows[window] = { kind: "ram", block, offset: places[index] ?? 0, flags };
    return 0;
  }

  unmap(iova: number, size: number): number {
    if (size === 0) return EINVAL;
    if (this.windows === null) return 0;
    if (mod(iova - this.start, this.slot) !== 0 || size % this.slot !== 0) return EINVAL;
    for (const [window, held] of this.windows.entries()) {
      const at = this.start + window * this.slot;
      if (held?.kind === "ram" && at >= iova && at < iova + size) this.windows[window] = undefined;
    }
    if (this.ramWindows === 0) this.cutOff.clear();
    return 0;
  }

  mapMsi(bank: number, iova: number, flags: number): number {
    if (this.windows === null || bank >= this.#banks) return ENODEV;
    const window = this.#windowAt(iova);
    if ((flags & 2) === 0 || flags > 3 || window === undefined) return EINVAL;
    if (this.windows.some((held) => held?.kind === "msi" && held.bank === bank)) return EBUSY;
    if (this.count === 1 && this.slot !== PAGE) return EINVAL;
    if (this.windows[window] !== undefined) return EBUSY;
    this.windows[window] = { kind: "msi", bank, flags };
    return 0;
  }

  unmapMsi(iova: number): number {
    const window = this.windows === null ? undefined : this.#windowAt(iova);
    if (window === undefined || this.windows?.[window]?.kind !== "msi") return EINVAL;
    this.windows[window] = undefined;
    return 0;
  }

  setStash(cpu: number, cache: number, cpus: number): number {
    if (this.windows === null) return ENODEV;
    const exists = cache === 3 || ((cache === 1 || cache === 2) && cpu < cpus);
    if (exists) this.stash = [cpu, cache];
    return exists ? 0 : EINVAL;
  }

  /** Where a window begins; numbers go round, one beyond the last and then from 0. */
  windowAddress(window: number): number {
    return this.start + (window % (this.count + 2)) * Math.max(PAGE, this.slot);
  }

  /** The window over an address, and the place in it; undefined outside of the aperture. */
  at(
    iova: number,
  ): { readonly window: ModelWindow | undefined; readonly inside: number } | undefined {
    if (this.windows === null || iova < this.start || iova > this.end) return undefined;
    const offset = iova - this.start;
    return { window: this.windows[Math.floor(offset / this.slot)], inside: offset % this.slot };
  }

  get #used(): number {
    return this.windows?.filter((window) => window !== undefined).length ?? 0;
  }

  #windowAt(iova: number): number | undefined {
    if (iova < this.start || iova > this.end) return undefined;
    const window = (iova - this.start) / this.slot;
    return Number.isInteger(window) ? window : undefined;
  }

  /** Whether one slot's memory lies together, aligned to its size. */
  #isOnePiece(index: number, offset: number): boolean {
    const block = this.#blocks[index];
    if (block === undefined || offset + this.slot > block.bytes.length) return false;
    return this.slot <= block.unit && offset % this.slot === 0;
  }
}

function isPower(value: number): boolean {
  return value >= 1 && Number.isInteger(Math.log2(value));
}

function mod(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}
