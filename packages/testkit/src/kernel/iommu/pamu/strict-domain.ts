// The same domain without its quirks: what is refused changes nothing, what is given back is whole.
//
// Errors come before effects, secondary entries are exchanged and not leaked, a LIODN that comes late runs
// at once, and a device that the violation handler cut off stays off until it is let go on (pamu.md 3.8).

import { EBUSY, EFAULT, EINVAL, ENODEV } from "../../errno.ts";
import { ALL_WINDOWS, type Geometry, isLiodn, PamuDomain, type StashTarget } from "./domain.ts";
import { isPowerOfTwo, isWindowSize, SMALLEST_WINDOW } from "./entry-fields.ts";
import { APERTURE_END, type WindowTarget } from "./liodn-tables.ts";

export class StrictPamuDomain extends PamuDomain {
  /** LIODNs whose violation nobody has resolved. */
  readonly #cutOff = new Set<number>();

  /** 0, EINVAL or EBUSY; a success takes the windows away. */
  override setGeometry(geometry: Geometry, force: "forced" | "not-forced" = "forced"): number {
    const size = geometry.end - geometry.start + 1;
    if (!isWindowSize(size) || geometry.start % size !== 0) return -EINVAL;
    if (geometry.end >= APERTURE_END || force === "not-forced") return -EINVAL;
    if (this.isEnabled || this.mapped > 0) return -EBUSY;
    this.storeGeometry(geometry, size);
    this.windows = null;
    this.windowCount = this.mostWindows;
    return 0;
  }

  /** 0, EINVAL, EBUSY, or ENOSPC when the secondary table is full: then nothing has changed. */
  override setWindows(count: number): number {
    if (count > this.mostWindows || !isPowerOfTwo(count) || this.geometrySize === 0) return -EINVAL;
    if (this.geometrySize / count < SMALLEST_WINDOW) return -EINVAL;
    if (this.isEnabled || this.mapped > 0) return -EBUSY;
    const firsts = this.tables.exchangeSecondary(this.liodns, count);
    if (typeof firsts === "number") return firsts;
    for (const [index, liodn] of this.liodns.entries())
      this.#writeAt(liodn, count, firsts[index] ?? 0);
    this.windowCount = count;
    this.windows = new Array<WindowTarget | undefined>(count).fill(undefined);
    return 0;
  }

  /** 0, ENODEV, EINVAL, EBUSY, or EFAULT for memory that is not aligned to its size. */
  override enableWindow(window: number, target: WindowTarget): number {
    if (this.windows === null) return -ENODEV;
    if (window < 0 || window >= this.windowCount) return -EINVAL;
    if (!isWindowSize(target.size) || target.size > this.slot) return -EINVAL;
    if (this.windowCount === 1 && target.size !== this.slot) return -EINVAL;
    if (this.windows[window] !== undefined) return -EBUSY;
    // An MSI bank's alias lies inside its page; the page is what the window leads to.
    if (target.size > SMALLEST_WINDOW && target.pa % target.size !== 0) return -EFAULT;
    return super.enableWindow(window, target);
  }

  /** V of every LIODN that is not cut off; off resolves what was. */
  override setEnabled(on: boolean): number {
    if (on && this.mapped === 0) return -ENODEV;
    if (!on) this.#cutOff.clear();
    for (const liodn of this.users.keys())
      this.tables.setValid(liodn, on && !this.#cutOff.has(liodn));
    this.isEnabled = on;
    return 0;
  }

  /** 0, EINVAL, or ENOSPC when the secondary table is full. */
  override attach(liodn: number): number {
    if (!isLiodn(liodn)) return -EINVAL;
    if (!this.users.has(liodn)) this.tables.setValid(liodn, false);
    const errno = super.attach(liodn);
    if (errno === 0 && this.isEnabled && !this.#cutOff.has(liodn))
      this.tables.setValid(liodn, true);
    return errno;
  }

  override detach(liodn: number): void {
    super.detach(liodn);
    if (!this.users.has(liodn)) this.#cutOff.delete(liodn);
  }

  /** 0, ENODEV or EINVAL; always of every window. */
  override setStash(target: StashTarget): number {
    if (this.windows === null) return -ENODEV;
    if (target.id === undefined) return -EINVAL;
    this.cacheId = target.id;
    return super.setStash(target, ALL_WINDOWS);
  }

  override iovaToPhys(iova: number): number {
    return this.windows === null ? 0 : super.iovaToPhys(iova);
  }

  /** The violation handler took V away. */
  cutOff(liodn: number): void {
    if (this.users.has(liodn)) this.#cutOff.add(liodn);
  }

  /** LIODNs that wait for `resume`. */
  get stopped(): readonly number[] {
    return [...this.#cutOff];
  }

  /** Lets every device that was cut off go on, if the domain runs. */
  resume(): void {
    this.#cutOff.clear();
    if (this.isEnabled) this.setEnabled(true);
  }

  protected override writeAperture(liodn: number, windows: number): number {
    const firsts = this.tables.exchangeSecondary([liodn], windows);
    if (typeof firsts === "number") return firsts;
    this.#writeAt(liodn, windows, firsts[0] ?? 0);
    return 0;
  }

  #writeAt(liodn: number, windows: number, fspi: number): void {
    this.tables.setAperture(liodn, this.aperture(windows), fspi);
    this.writeStash(liodn, windows);
  }
}
