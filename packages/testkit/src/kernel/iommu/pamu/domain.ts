// A PAMU domain with several windows, as Linux had it from 3.12 to 5.12 and the vendor's trees kept it.
//
// Its quirks are the point: what it accepts without a device blows up with one, what it forgets stays
// forgotten (pamu.md 2.3). strict-domain.ts is the same domain as it should have been.

import { EBUSY, EINVAL, ENODEV } from "../../errno.ts";
import { SimulatedCrash } from "../../simulated-crash.ts";
import { isPowerOfTwo, isWindowSize, SMALLEST_WINDOW } from "./entry-fields.ts";
import {
  APERTURE_END,
  type Aperture,
  type LiodnTables,
  PRIMARY_ENTRIES,
  type WindowTarget,
} from "./liodn-tables.ts";

/** The addresses of a domain: bytes, both ends included. */
export interface Geometry {
  readonly start: number;
  readonly end: number;
}

/** What STASH names: a CPU and the level of its cache; no id when the SoC has no such cache. */
export interface StashTarget {
  readonly cpu: number;
  readonly cache: number;
  readonly id: number | undefined;
}

/** All windows of an aperture, for the calls that take a window or this. */
export const ALL_WINDOWS = 0xffff_ffff;
const OPERATION_MAPS = 16;

/** What the vendor's releases do differently from each other. */
export interface DomainRelease {
  /** Whether STASH is kept for the domain, as in 3.x, or needs windows to write it to, as in 4.1. */
  readonly stash: "of-the-domain" | "of-windows";
  /** What a LIODN has after it left: nothing, or its boot-time identity window again (4.1). */
  readonly afterDetach: "blocked" | "identity";
}

export class PamuDomain {
  readonly tables: LiodnTables;
  /** The hardware's limit. */
  readonly mostWindows: number;
  protected readonly release: DomainRelease;
  /** LIODNs and how many devices use each: functions behind one controller share its LIODN. */
  protected readonly users: Map<number, number> = new Map();
  protected geometrySize = 0;
  protected windowCount: number;
  protected windows: (WindowTarget | undefined)[] | null = null;
  protected mapped = 0;
  protected isEnabled: boolean = false;
  protected cacheId = 0;
  #stash: StashTarget = { cpu: 0, cache: 0, id: undefined };
  #geometry: Geometry = { start: 0, end: APERTURE_END - 1 };

  constructor(tables: LiodnTables, mostWindows: number, release: DomainRelease) {
    this.tables = tables;
    this.mostWindows = mostWindows;
    this.release = release;
    this.windowCount = mostWindows;
  }

  get geometry(): Geometry {
    return this.#geometry;
  }

  /** Before the first SET WINDOWS this is the most there can be. */
  get count(): number {
    return this.windowCount;
  }

  get enabled(): boolean {
    return this.isEnabled;
  }

  get liodns(): readonly number[] {
    return [...this.users.keys()];
  }

  /** What STASH was last told, even if it was refused. */
  get stash(): StashTarget {
    return this.#stash;
  }

  /** Whether SET WINDOWS has made windows. */
  get hasWindows(): boolean {
    return this.windows !== null;
  }

  /** Bytes from one window's start to the next one's. */
  get slot(): number {
    return this.geometrySize / this.windowCount;
  }

  /** Whether a window leads somewhere, as the domain's own list has it. */
  isWindowValid(window: number): boolean {
    return this.windows?.[window] !== undefined;
  }

  /** Only stored: tables and windows go on describing the old one. 0, EINVAL or EBUSY. */
  setGeometry(geometry: Geometry, force: "forced" | "not-forced" = "forced"): number {
    const size = geometry.end - geometry.start + 1;
    if (!isWindowSize(size) || geometry.start % size !== 0) return -EINVAL;
    if (force === "not-forced") return -EINVAL;
    if (this.isEnabled) return -EBUSY;
    this.storeGeometry(geometry, size);
    return 0;
  }

  /** 0, EBUSY or EINVAL. What was mapped is forgotten, what counted it is not. */
  setWindows(count: number): number {
    if (this.isEnabled) return -EBUSY;
    if (this.geometrySize === 0) return -EINVAL;
    if (count > this.mostWindows || !isPowerOfTwo(count)) return -EINVAL;
    for (const liodn of this.users.keys()) {
      const errno = this.writeAperture(liodn, count);
      if (errno !== 0) return errno;
    }
    this.windowCount = count;
    this.windows = new Array<WindowTarget | undefined>(count).fill(undefined);
    return 0;
  }

  /** 0, ENODEV, EINVAL or EBUSY. */
  enableWindow(window: number, target: WindowTarget): number {
    if (this.windows === null) return -ENODEV;
    if (window < 0 || window >= this.windowCount) return -EINVAL;
    if (target.size > this.geometrySize / this.windowCount) return -EINVAL;
    if (this.windowCount === 1 && this.isEnabled) return -EBUSY;
    if (this.windowCount === 1 && !this.fitsAlone(target)) return -EINVAL;
    if (this.windows[window] !== undefined) return -EBUSY;
    for (const liodn of this.users.keys()) {
      const errno = this.writeWindow(liodn, window, target);
      if (errno !== 0) return errno;
    }
    this.windows[window] = target;
    this.mapped += 1;
    return 0;
  }

  /** Says nothing of a window that is not there or leads nowhere. */
  disableWindow(window: number): void {
    if (this.windows?.[window] === undefined) return;
    for (const liodn of this.users.keys()) this.tables.clearWindow(liodn, window);
    if (this.windowCount === 1 && this.isEnabled) this.setEnabled(false);
    this.windows[window] = undefined;
    this.mapped -= 1;
  }

  /** V of every LIODN. 0, or ENODEV with nothing mapped. */
  setEnabled(on: boolean): number {
    if (on && this.mapped === 0) return -ENODEV;
    for (const liodn of this.users.keys()) this.tables.setValid(liodn, on);
    this.isEnabled = on;
    return 0;
  }

  /** One more device with this LIODN. 0 or EINVAL. V stays 0, though the domain be running. */
  attach(liodn: number): number {
    if (!isLiodn(liodn)) return -EINVAL;
    const users = this.users.get(liodn) ?? 0;
    if (users === 0 && this.windows !== null) {
      const errno = this.writeEverything(liodn);
      if (errno !== 0) return errno;
    }
    this.users.set(liodn, users + 1);
    return 0;
  }

  /** The last device of a LIODN takes its entries along. */
  detach(liodn: number): void {
    const users = this.users.get(liodn);
    if (users === undefined) return;
    if (users > 1) {
      this.users.set(liodn, users - 1);
      return;
    }
    this.users.delete(liodn);
    this.tables.setValid(liodn, false);
    this.tables.freeSecondary(liodn);
    if (this.release.afterDetach === "identity") this.tables.setIdentity(liodn);
  }

  /** Which cache every window's writes go to. 0, ENODEV or EINVAL. */
  setStash(target: StashTarget, window: number): number {
    if (this.release.stash === "of-windows" && this.windows === null) return -ENODEV;
    this.#stash = target;
    const cacheId = target.id;
    if (cacheId === undefined) return -EINVAL;
    if (this.release.stash === "of-the-domain") this.cacheId = cacheId;
    else if (window !== ALL_WINDOWS && window >= this.windowCount) return -EINVAL;
    if (this.windows === null) return 0;
    this.#forWindows(window, (liodn, each) => this.tables.setStash(liodn, each, cacheId));
    return 0;
  }

  /** Which row of the operation mapping table applies. 0, ENODEV or EINVAL; kernel-internal. */
  setOperationMap(omi: number, window: number): number {
    if (this.windows === null) return -ENODEV;
    if (omi >= OPERATION_MAPS) return -EINVAL;
    if (window !== ALL_WINDOWS && window >= this.windowCount) return -EINVAL;
    this.#forWindows(window, (liodn, each) => this.tables.setOperationMap(liodn, each, omi));
    return 0;
  }

  /**
   * Where an address leads, by the domain's own list; 0 for nowhere. The size that is mapped in the
   * slot only cuts the offset, so addresses behind it alias into it, which the hardware refuses.
   */
  iovaToPhys(iova: number): number {
    const { start, end } = this.#geometry;
    if (iova < start || iova > end || this.geometrySize === 0) return 0;
    if (this.windows === null)
      throw new SimulatedCrash("iova_to_phys follows the null array of a domain without windows");
    const target = this.windows[Math.floor((iova - start) / this.slot)];
    if (target === undefined) return 0;
    return target.pa + Number(BigInt(iova) & BigInt(target.size - 1));
  }

  /** Gives the LIODNs back; the domain is gone. */
  free(): void {
    for (const [liodn, users] of [...this.users])
      for (let user = 0; user < users; user++) this.detach(liodn);
  }

  protected storeGeometry(geometry: Geometry, size: number): void {
    this.#geometry = geometry;
    this.geometrySize = size;
  }

  protected aperture(windows: number): Aperture {
    return { start: this.#geometry.start, size: this.geometrySize, windows };
  }

  /** One LIODN's aperture with `windows` windows, from secondary entries that are taken anew. */
  protected writeAperture(liodn: number, windows: number): number {
    this.tables.setValid(liodn, false);
    if (this.geometrySize / windows < SMALLEST_WINDOW) return -EINVAL;
    const fspi = this.tables.allocateSecondary(windows);
    if (fspi < 0) return fspi;
    this.tables.setAperture(liodn, this.aperture(windows), fspi);
    this.writeStash(liodn, windows);
    return 0;
  }

  protected writeStash(liodn: number, windows: number): void {
    if (this.cacheId === 0) return;
    for (let window = 0; window < windows; window++)
      this.tables.setStash(liodn, window, this.cacheId);
  }

  protected writeWindow(liodn: number, window: number, target: WindowTarget): number {
    return this.windowCount === 1
      ? this.tables.setOnlyWindow(liodn, target)
      : this.tables.setWindow(liodn, window, target);
  }

  /** The aperture and every window that leads somewhere, for a LIODN that comes late. */
  protected writeEverything(liodn: number): number {
    const errno = this.writeAperture(liodn, this.windowCount);
    if (errno !== 0) return errno;
    for (const [window, target] of (this.windows ?? []).entries()) {
      const written = target === undefined ? 0 : this.writeWindow(liodn, window, target);
      if (written !== 0) {
        this.tables.freeSecondary(liodn);
        return written;
      }
    }
    return 0;
  }

  /** The only window becomes the whole aperture, so the aperture must be aligned to it. */
  protected fitsAlone({ size }: WindowTarget): boolean {
    return isWindowSize(size) && this.#geometry.start % size === 0;
  }

  #forWindows(window: number, write: (liodn: number, window: number) => void): void {
    for (const liodn of this.users.keys())
      for (let each = 0; each < this.windowCount; each++)
        if (window === ALL_WINDOWS || window === each) write(liodn, each);
  }
}

/** Whether the primary table has an entry for it. */
export function isLiodn(liodn: number): boolean {
  return Number.isInteger(liodn) && liodn >= 0 && liodn < PRIMARY_ENTRIES;
}
