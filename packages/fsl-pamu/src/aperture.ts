// One power-of-two aperture in equal windows: what is legal, and how the library shows it.
//
// Rules of the hardware (QorIQ PAMU, PPAACE fields WBAH, WBAL, WSE and WCE): the aperture is at least
// 4 KiB and begins at a multiple of its size; the number of windows is a power of two.

import {
  type ByteSize,
  bytes,
  type DmaWindow,
  formatAddress,
  formatSize,
  IommuError,
  type Iova,
  iova,
} from "@iommukit/core";
import {
  APERTURE_LIMIT,
  DEFAULT_WINDOWS,
  isPowerOfTwo,
  SMALLEST_WINDOW,
} from "./window-plan/request.ts";

/** An aperture as it is asked for. */
export interface ApertureRequest {
  /** First IOVA: a multiple of `size`. */
  readonly start: Iova;
  /** Bytes of all windows: a power of two, up to 64 GiB. */
  readonly size: ByteSize;
  /** Bytes of each window: a power of two of at least 4 KiB. */
  readonly windowSize: ByteSize;
}

/** What the hardware and the kernel allow beyond what is always legal. */
export interface ApertureLimits {
  readonly maxWindows: number;
  /** Bytes: the driver maps no less than a page of the kernel. */
  readonly pageSize: number;
}

/**
 * Valid errors: `invalid-argument` (no power of two), `zero-size`, `misaligned` (the start),
 * `no-iova-space` (above 64 GiB, or too many windows).
 */
export function checkAperture(
  operation: string,
  { start, size, windowSize }: ApertureRequest,
  limits?: ApertureLimits,
): void {
  const smallest = limits === undefined ? SMALLEST_WINDOW : BigInt(limits.pageSize);
  const facts = { start, size, windowSize };
  const refuse = (code: "invalid-argument" | "no-iova-space", why: string): IommuError =>
    new IommuError({ code, operation, sentence: `${operation} refused: ${why}`, facts });
  requireAddresses(operation, [start, size, windowSize]);
  if (size === 0n || windowSize === 0n)
    throw new IommuError({
      code: "zero-size",
      operation,
      sentence: `${operation} refused: an aperture and its windows have bytes`,
      facts,
    });
  for (const value of [size, windowSize])
    if (!isPowerOfTwo(value))
      throw refuse("invalid-argument", `${formatSize(value)} is not a power of two`);
  if (windowSize < smallest || windowSize > size)
    throw refuse(
      "invalid-argument",
      `windows of ${formatSize(windowSize)} are none in an aperture of ${formatSize(size)}; the smallest is ${formatSize(smallest)}`,
    );
  if (start % size !== 0n)
    throw new IommuError({
      code: "misaligned",
      operation,
      sentence: `${operation} refused: an aperture of ${formatSize(size)} does not begin at ${formatAddress(start)}`,
      facts,
      hint: "it begins at a multiple of its size",
    });
  if (start + size > APERTURE_LIMIT)
    throw refuse("no-iova-space", "the aperture reaches beyond 64 GiB, where apertures end");
  const count = size / windowSize;
  if (limits !== undefined && count > BigInt(limits.maxWindows))
    throw refuse("no-iova-space", `${count} windows, and the hardware has ${limits.maxWindows}`);
}

/** What a container begins with: the kernel's page as window, at 0, as wide as the hardware allows. */
export function defaultAperture({ maxWindows, pageSize }: ApertureLimits): ApertureRequest {
  const windowSize = bytes(pageSize);
  const windows = Math.min(maxWindows, DEFAULT_WINDOWS);
  return { start: iova(0), size: bytes(windowSize * BigInt(windows)), windowSize };
}

/** How many windows an aperture has. */
export function windowCount({ size, windowSize }: ApertureRequest): number {
  return Number(size / windowSize);
}

/** The aperture as core knows windows. */
export function asDmaWindow(aperture: ApertureRequest, pageSize: number): DmaWindow {
  const { start, size, windowSize } = aperture;
  return Object.freeze({
    kind: "subdivided",
    start,
    last: iova(start + size - 1n),
    pageSize: Number(windowSize),
    hardwarePageSizes: windowSize,
    subwindowSize: windowSize,
    ...(windowSize > BigInt(pageSize) && { hostContiguity: windowSize }),
  });
}

function requireAddresses(operation: string, values: readonly unknown[]): void {
  if (values.every((value) => typeof value === "bigint" && value >= 0n)) return;
  throw new IommuError({
    code: "invalid-argument",
    operation,
    sentence: `${operation} refused: an aperture has start, size and windowSize, bigints of 0 and more`,
    hint: "make them with iova() and bytes()",
  });
}
