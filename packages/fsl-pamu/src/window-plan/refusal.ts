// Why a layout does not exist, with the numbers, and which change would make one.
//
// Each remedy is tried before it is named: a hint is never a guess.

import { bytes, formatAddress, formatSize } from "@iommukit/core";
import { alignmentOf, apertureAround, findLayout, largestWindow, spanOf } from "./layout.ts";
import {
  APERTURE_LIMIT,
  type CheckedRequest,
  endOf,
  larger,
  type PlanRefusal,
  type RamRegion,
  SMALLEST_WINDOW,
} from "./request.ts";

/** RAM is not made of whole windows, not even of the smallest. */
export function tooFine(request: CheckedRequest): PlanRefusal {
  const step = largestWindow(request);
  const ofRam = alignmentOf(request.ram) <= step;
  return {
    kind: "refused",
    code: "EINVAL",
    reason: ofRam
      ? `RAM is a multiple of ${formatSize(step)} only, and the smallest window is 4 KiB`
      : `RAM is contiguous in pieces of ${formatSize(step)} only, and the smallest window is 4 KiB`,
    hint: ofRam
      ? `begin and end each RAM region at a multiple of 4 KiB, better of ${formatSize(largest(request.contiguity))}`
      : "a host page is at least 4 KiB; give its size",
  };
}

/** There is no aperture with room for RAM and the MSI banks. */
export function noRoom(request: CheckedRequest): PlanRefusal {
  const remedies = [
    largerPages(request),
    rounderRam(request),
    holes(request),
    fewerBanks(request),
  ].filter((remedy) => remedy !== undefined);
  return {
    kind: "refused",
    code: "ENOSPC",
    reason: reasonOf(request),
    hint: remedies.length > 0 ? remedies.join("; or ") : "less guest RAM, at lower addresses",
  };
}

function reasonOf(request: CheckedRequest): string {
  const { ram, msiBanks, maxWindows } = request;
  const { high } = spanOf(ram);
  if (high > APERTURE_LIMIT)
    return `RAM ends at ${formatAddress(high)}, and apertures end at 64 GiB`;
  const size = largestWindow(request);
  const banks = msiBanks === 1 ? "1 MSI bank" : `${msiBanks} MSI banks`;
  const total = formatSize(ram.reduce((sum, region) => sum + region.size, 0n));
  const needed = windowsNeeded(request, size);
  if (needed === undefined)
    return `${banks} ${msiBanks === 1 ? "does" : "do"} not fit beside ${total} of RAM below 64 GiB, where apertures end`;
  const with_ = msiBanks === 0 ? "" : ` with ${banks}`;
  return `${total} of RAM in windows of ${formatSize(size)}${with_} needs an aperture of ${needed} windows, and the hardware has ${maxWindows}`;
}

/** Windows of the smallest aperture, were there no limit to their number. */
function windowsNeeded(request: CheckedRequest, size: bigint): number | undefined {
  const { high } = spanOf(request.ram);
  const ramWindows = request.ram.reduce((sum, region) => sum + region.size / size, 0n);
  for (let count = 1; BigInt(count) * size <= APERTURE_LIMIT; count *= 2) {
    const aperture = apertureAround(request.ram, size, count);
    if (aperture === undefined) continue;
    const behind = BigInt(count) - (high - aperture.start) / size;
    const free = request.policy === "after" ? behind : BigInt(count) - ramWindows;
    if (free >= BigInt(request.msiBanks)) return count;
  }
  return undefined;
}

function largerPages(request: CheckedRequest): string | undefined {
  const useful = alignmentOf(request.ram);
  for (let size = request.contiguity * 2n; size <= useful; size *= 2n)
    if (findLayout({ ...request, contiguity: bytes(size) }) !== undefined)
      return `back guest RAM with huge pages of ${formatSize(size)}`;
  return undefined;
}

function rounderRam(request: CheckedRequest): string | undefined {
  const from = alignmentOf(request.ram) * 2n;
  for (let step = from; step <= largest(request.contiguity); step *= 2n) {
    const ram = request.ram.map((region) => roundedUp(region, step));
    const apart = ram.every((region, index) => endOf(region) <= (ram[index + 1]?.start ?? ALL));
    if (apart && findLayout({ ...request, ram }) !== undefined)
      return `round each RAM region up to a multiple of ${formatSize(step)}`;
  }
  return undefined;
}

const ALL: bigint = 1n << 64n;

function roundedUp({ start, size }: RamRegion, step: bigint): RamRegion {
  return { start, size: bytes(((size + step - 1n) / step) * step) };
}

function holes(request: CheckedRequest): string | undefined {
  if (request.policy === "holes") return undefined;
  const plan = findLayout({ ...request, policy: "holes" });
  return plan === undefined ? undefined : "put MSI windows below the end of RAM: policy holes";
}

/** Fewer banks never need more windows, so the most that fit are found by halving. */
function fewerBanks(request: CheckedRequest): string | undefined {
  const fits = (msiBanks: number): boolean => findLayout({ ...request, msiBanks }) !== undefined;
  if (request.msiBanks === 0 || !fits(0)) return undefined;
  let most = 0;
  let tooMany = request.msiBanks;
  while (tooMany - most > 1) {
    const middle = (most + tooMany) >>> 1;
    if (fits(middle)) most = middle;
    else tooMany = middle;
  }
  return most === 0 ? "use no MSI bank" : `use no more than ${most} MSI banks`;
}

/** No size beyond the aperture's limit is worth trying. */
function largest(contiguity: bigint): bigint {
  const size = contiguity < APERTURE_LIMIT ? contiguity : APERTURE_LIMIT;
  return larger(size, SMALLEST_WINDOW);
}
