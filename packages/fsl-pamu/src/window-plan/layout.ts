// The search for a layout: the largest window size that RAM allows, then the smallest aperture.
//
// A window has one translated base, so all of it must be contiguous in the host: RAM of odd size
// shrinks every window, and only a larger window needs fewer of them.

import { bytes, iova } from "@iommukit/core";
import {
  APERTURE_LIMIT,
  type CheckedRequest,
  endOf,
  larger,
  type MsiPlacement,
  type RamRegion,
  SMALLEST_WINDOW,
  type WindowPlan,
} from "./request.ts";

/** An aperture of `count` windows of `size` bytes each, at `start`. */
export interface Aperture {
  readonly start: bigint;
  readonly size: bigint;
  readonly count: number;
}

/** The plan for a checked request, or undefined. */
export function findLayout(request: CheckedRequest): WindowPlan | undefined {
  for (let size = largestWindow(request); size >= SMALLEST_WINDOW; size /= 2n) {
    const plan = smallestAperture(request, size);
    if (plan !== undefined) return plan;
  }
  return undefined;
}

/** The largest window that every start and size is a multiple of and that the host can back. */
export function largestWindow({ ram, contiguity }: CheckedRequest): bigint {
  const step = alignmentOf(ram);
  return step < contiguity ? step : contiguity;
}

/** The largest power of two that divides every start and every size. */
export function alignmentOf(ram: readonly RamRegion[]): bigint {
  const all = ram.reduce((bits, { start, size }) => bits | start | size, 0n);
  return all & -all;
}

/** The smallest aperture of windows of this size, or undefined when the hardware has too few. */
function smallestAperture(request: CheckedRequest, size: bigint): WindowPlan | undefined {
  for (let count = 1; count <= request.maxWindows; count *= 2) {
    const aperture = apertureAround(request.ram, size, count);
    if (aperture === undefined) continue;
    const free = freeWindows(request, aperture);
    if (free !== undefined) return planOf(request, aperture, free);
  }
  return undefined;
}

/** The one naturally aligned aperture of this size that could hold RAM, if it does and may be used. */
export function apertureAround(
  ram: readonly RamRegion[],
  size: bigint,
  count: number,
): Aperture | undefined {
  const { low, high } = spanOf(ram);
  const whole = size * BigInt(count);
  const start = (low / whole) * whole;
  const end = start + whole;
  return high <= end && end <= APERTURE_LIMIT ? { start, size, count } : undefined;
}

/** The lowest byte of RAM, and one past its highest. */
export function spanOf(ram: readonly RamRegion[]): { readonly low: bigint; readonly high: bigint } {
  const ends = ram.map(endOf);
  const [first = 0n] = ram.map(({ start }) => start);
  return { low: first, high: ends.reduce(larger, 0n) };
}

/** The windows for the MSI banks, in order of the banks; undefined when there are too few. */
function freeWindows(
  { ram, msiBanks, policy }: CheckedRequest,
  aperture: Aperture,
): readonly number[] | undefined {
  const behind = Number((spanOf(ram).high - aperture.start) / aperture.size);
  const free = range(behind, Math.min(aperture.count, behind + msiBanks));
  if (policy === "holes")
    for (let index = 0; index < behind && free.length < msiBanks; index++)
      if (!meetsRam(ram, aperture, index)) free.push(index);
  return free.length < msiBanks ? undefined : free;
}

/** Whether a window holds a byte of RAM. */
export function meetsRam(ram: readonly RamRegion[], aperture: Aperture, window: number): boolean {
  const start = aperture.start + aperture.size * BigInt(window);
  const end = start + aperture.size;
  return ram.some((region) => region.start < end && start < endOf(region));
}

function planOf(
  { ram }: CheckedRequest,
  { start, size, count }: Aperture,
  free: readonly number[],
): WindowPlan {
  const msi = free.map(
    (window, bank): MsiPlacement => ({ bank, window, iova: iova(start + size * BigInt(window)) }),
  );
  return {
    kind: "plan",
    windowSize: bytes(size),
    windows: count,
    start: iova(start),
    last: iova(start + size * BigInt(count) - 1n),
    ram,
    msi,
  };
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}
