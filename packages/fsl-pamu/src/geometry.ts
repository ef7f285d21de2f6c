// The aperture that a container has now, in the driver and as the library offers it.
//
// Each time the number of windows is set, the driver takes n - 1 of its 2048 secondary entries, and
// at detach it gives back those of the last time only: the others are lost until the machine boots
// again. So the default aperture costs none until it is used: until then it is one window, which
// needs no entry and admits nothing.

import {
  bytes,
  type DmaWindow,
  IommuError,
  iova,
  type ProbeContext,
  type WindowRequest,
} from "@iommukit/core";
import {
  type ApertureLimits,
  type ApertureRequest,
  asDmaWindow,
  checkAperture,
  defaultAperture,
  windowCount,
} from "./aperture.ts";
import type { Attributes } from "./attributes.ts";

/** What the driver has: an aperture, and whether it is cut into its windows yet. */
interface InForce {
  readonly aperture: ApertureRequest;
  readonly windows: number;
}

/** The aperture of one container. */
export class ApertureControl {
  readonly limits: ApertureLimits;
  readonly #attributes: Attributes;
  #inForce: InForce | undefined;
  #offered: DmaWindow | undefined;
  /** The windows were set and it is not known whether the driver took them. */
  #isUnsure = false;

  /**
   * Takes the boot window away at once: until the number of windows is set, the driver leaves a
   * LIODN with the 64 GiB identity window that it got at boot. An aperture that is asked for is cut
   * at once, the default at its first use.
   */
  constructor({ port }: ProbeContext, attributes: Attributes, asked: ApertureRequest | undefined) {
    this.#attributes = attributes;
    // Before the first SET, the driver answers the most windows that there can be.
    this.limits = { maxWindows: attributes.readWindows(), pageSize: port.abi.pageSize };
    const aperture = asked ?? defaultAperture(this.limits);
    checkAperture("open", aperture, this.limits);
    this.#place(aperture);
    if (asked !== undefined) this.cut();
  }

  /** Bytes of a window, or undefined where there is none. */
  get windowSize(): bigint | undefined {
    return this.#offered?.subwindowSize;
  }

  /** How many windows the one in place has, or will have at its first use; 0 without one. */
  get count(): number {
    if (this.#offered === undefined || this.#inForce === undefined) return 0;
    return windowCount(this.#inForce.aperture);
  }

  /** The window as the driver has it now. Valid errors: `kernel-misbehaved`. */
  read(): readonly DmaWindow[] {
    if (this.#offered === undefined || this.#inForce === undefined) return [];
    const { start, last } = this.#attributes.readGeometry();
    const windows = this.#attributes.readWindows();
    this.#settle(windows);
    const was = this.#inForce.windows;
    if (start !== this.#offered.start || last !== this.#offered.last || windows !== was)
      throw new IommuError({
        code: "kernel-misbehaved",
        operation: "VFIO_IOMMU_PAMU_GET_ATTR",
        sentence: "the aperture is not the one that was set",
        facts: { start, last, windows, wasStart: this.#offered.start, wasWindows: was },
        hint: "was the container changed by another process?",
      });
    return [this.#offered];
  }

  /** A cut that could not be read back was made or was not; the driver's own count says which. */
  #settle(windows: number): void {
    if (!this.#isUnsure || this.#inForce === undefined) return;
    const { aperture } = this.#inForce;
    if (windows === windowCount(aperture)) this.#inForce = { aperture, windows };
    this.#isUnsure = false;
  }

  /**
   * Cuts the aperture into its windows, if it is not: asked before every use. Valid errors:
   * `kernel-refused`.
   */
  cut(): void {
    if (this.#inForce === undefined || this.#inForce.windows > 1) return;
    const { aperture } = this.#inForce;
    const windows = windowCount(aperture);
    if (windows === 1) return;
    // Set twice, the entries of the first time are lost: after a failure it is asked what became of it.
    if (!(this.#isUnsure && this.#attributes.readWindows() === windows)) {
      this.#isUnsure = true;
      this.#attributes.setWindows(windows);
    }
    this.#isUnsure = false;
    this.#inForce = { aperture, windows };
  }

  /**
   * Valid errors: `invalid-address`, `invalid-argument`, `zero-size`, `misaligned`, `no-iova-space`,
   * `kernel-refused`: then there is no window.
   */
  create(request: WindowRequest): DmaWindow {
    if (this.#offered !== undefined) throw inPlace(this.#offered);
    if (request.levels !== undefined) throw noLevels();
    const aperture = {
      start: request.start ?? iova(0),
      size: request.size,
      windowSize: bytes(request.pageSize),
    };
    checkAperture("createWindow", aperture, this.limits);
    this.#place(aperture);
    try {
      this.cut();
    } catch (error) {
      this.#offered = undefined;
      throw error;
    }
    return asDmaWindow(aperture, this.limits.pageSize);
  }

  /** Takes the window out of use: the driver has no call for it, and its windows are empty. */
  remove(window: DmaWindow): void {
    if (this.#offered === undefined || window.start !== this.#offered.start) throw notThere(window);
    this.#offered = undefined;
  }

  /** One window over all of it, unless the driver has it as it is. */
  #place(aperture: ApertureRequest): void {
    if (!isSame(this.#inForce?.aperture, aperture)) {
      this.#inForce = undefined;
      const last = iova(aperture.start + aperture.size - 1n);
      this.#attributes.setGeometry({ start: aperture.start, last });
      // A count that the driver had already could not be told from one that it refused; 1 is never refused.
      this.#attributes.setWindows(1);
      this.#inForce = { aperture, windows: 1 };
      this.#isUnsure = false;
    }
    this.#offered = asDmaWindow(aperture, this.limits.pageSize);
  }
}

function isSame(one: ApertureRequest | undefined, other: ApertureRequest): boolean {
  return (
    one?.start === other.start && one.size === other.size && one.windowSize === other.windowSize
  );
}

function inPlace({ start, last }: DmaWindow): IommuError {
  return new IommuError({
    code: "no-iova-space",
    operation: "createWindow",
    sentence: "createWindow refused: a PAMU has one aperture, and it is in place",
    facts: { start, last },
    hint: "remove it first, while nothing is mapped",
  });
}

function noLevels(): IommuError {
  return new IommuError({
    code: "invalid-argument",
    operation: "createWindow",
    sentence: "createWindow refused: a PAMU has no levels",
  });
}

function notThere({ start }: DmaWindow): IommuError {
  return new IommuError({
    code: "invalid-argument",
    operation: "removeWindow",
    sentence: "removeWindow refused: the container has no such window",
    facts: { start },
  });
}
