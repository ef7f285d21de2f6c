// What a window plan is asked for and what it answers, and the checks before any search.

import { type ByteSize, formatRange, formatSize, type Iova } from "@iommukit/core";

/** Bytes of the smallest window: WSE and SWSE begin at 4 KiB (QorIQ PAMU, PPAACE). */
export const SMALLEST_WINDOW = 4096n;
/** No aperture ends above 64 GiB: every public driver uses 36 address bits. */
export const APERTURE_LIMIT: bigint = 1n << 36n;
/** Windows of P4080 revision 2 and later; revision 1 has 16 (PC3, field MWCE). */
export const DEFAULT_WINDOWS = 256;
/** MWCE has four bits: 2^(15 + 1). */
export const MOST_WINDOWS = 65_536;

/** One region of guest memory, at the guest address that devices use for it. */
export interface RamRegion {
  readonly start: Iova;
  readonly size: ByteSize;
}

/**
 * Where MSI windows go: `after` the end of RAM, as the device tree binding of MSI banks says, or into
 * the `holes` below as well, which needs a smaller aperture where RAM does not begin at 0.
 */
export type MsiPolicy = "after" | "holes";

/** What `planWindows` is asked. */
export interface WindowPlanRequest {
  /** In any order; regions do not overlap. */
  readonly ram: readonly RamRegion[];
  /**
   * Bytes, a power of two: every aligned piece of RAM of this size is contiguous, and aligned, in
   * the host's memory. It is the size of the huge pages that back RAM, the smallest if they differ.
   */
  readonly contiguity: ByteSize;
  /** MSI banks to place, one window each: 3 on P-series, 4 on T-series. */
  readonly msiBanks: number;
  /** Windows of the hardware: a power of two up to 65,536. Default 256. */
  readonly maxWindows?: number;
  /** Default `after`. */
  readonly policy?: MsiPolicy;
}

/** One MSI bank's window. */
export interface MsiPlacement {
  readonly bank: number;
  /** Index of the window in the aperture. */
  readonly window: number;
  /** Where the window begins; the guest's MSI address is in its first 4 KiB. */
  readonly iova: Iova;
}

/** One power-of-two aperture in equal windows, with RAM and MSI banks in windows of their own. */
export interface WindowPlan {
  readonly kind: "plan";
  /** Bytes, a power of two. */
  readonly windowSize: ByteSize;
  /** A power of two. */
  readonly windows: number;
  /** First IOVA, a multiple of `windows * windowSize`. */
  readonly start: Iova;
  /** Last IOVA, included. */
  readonly last: Iova;
  readonly ram: readonly RamRegion[];
  readonly msi: readonly MsiPlacement[];
}

/** Why there is no plan, and what would help. */
export interface PlanRefusal {
  readonly kind: "refused";
  /** What a strict kernel would answer: `EINVAL` the request is wrong, `ENOSPC` no windows are left. */
  readonly code: "EINVAL" | "ENOSPC";
  readonly reason: string;
  readonly hint: string;
}

/** A request with every member there, its RAM in order. */
export type CheckedRequest = Required<WindowPlanRequest>;

/** The request with its defaults, or why it is none. */
export function checkRequest(request: WindowPlanRequest): CheckedRequest | PlanRefusal {
  const untyped = wrongTypes(request);
  if (untyped !== undefined) return untyped;
  const checked: CheckedRequest = {
    ...request,
    maxWindows: request.maxWindows ?? DEFAULT_WINDOWS,
    policy: request.policy ?? "after",
    ram: request.ram.toSorted((a, b) => compare(a.start, b.start)),
  };
  return wrongNumbers(checked) ?? wrongRam(checked.ram) ?? checked;
}

/** Whether it is 1, 2, 4, … */
export function isPowerOfTwo(value: bigint): boolean {
  return value > 0n && (value & (value - 1n)) === 0n;
}

/** The larger of two. */
export function larger(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

/** One past the last byte of a region. */
export function endOf({ start, size }: RamRegion): bigint {
  return start + size;
}

/** What TypeScript would have told, for those who come without it. */
function wrongTypes(request: unknown): PlanRefusal | undefined {
  const { ram, contiguity } = Object(request) as Partial<WindowPlanRequest>; // cast: looked at member by member
  if (!Array.isArray(ram) || !ram.every(isRegion))
    return invalid(
      "ram is no list of { start, size } in bytes, as bigints of 0 and more",
      "make them with iova() and bytes()",
    );
  if (typeof contiguity !== "bigint")
    return invalid("contiguity is no bigint", "make it with bytes(), such as bytes(4 * MiB)");
  return undefined;
}

function isRegion(region: unknown): boolean {
  const { start, size } = Object(region) as Partial<RamRegion>; // cast: looked at member by member
  return typeof start === "bigint" && start >= 0n && typeof size === "bigint" && size >= 0n;
}

function wrongNumbers(request: CheckedRequest): PlanRefusal | undefined {
  const { contiguity, msiBanks, maxWindows, policy } = request;
  if (!isPowerOfTwo(contiguity))
    return invalid(
      `a contiguity of ${formatSize(contiguity)} is not a power of two`,
      "give the size of the huge pages that back guest RAM, such as 4 MiB",
    );
  if (!(Number.isInteger(maxWindows) && maxWindows >= 1 && maxWindows <= MOST_WINDOWS))
    return invalid(`${maxWindows} windows are none that a PAMU has`, "16 or 256");
  if (!isPowerOfTwo(BigInt(maxWindows)))
    return invalid(`${maxWindows} windows are not a power of two`, "16 or 256");
  if (!(Number.isInteger(msiBanks) && msiBanks >= 0 && msiBanks <= MOST_WINDOWS))
    return invalid(`${msiBanks} is no number of MSI banks`, "3 on P-series, 4 on T-series");
  if (policy !== "after" && policy !== "holes")
    return invalid(`${String(policy)} is no policy`, "after or holes");
  return undefined;
}

function wrongRam(ram: readonly RamRegion[]): PlanRefusal | undefined {
  if (ram.length === 0) return invalid("there is no guest RAM", "name at least one region");
  for (const [index, region] of ram.entries()) {
    const next = ram[index + 1];
    if (region.size === 0n)
      return invalid(`the RAM region at ${region.start} has no bytes`, "leave it out");
    if (next !== undefined && endOf(region) > next.start)
      return invalid(
        `the RAM regions ${formatRange(region.start, region.size)} and ${formatRange(next.start, next.size)} overlap`,
        "every guest address belongs to one region",
      );
  }
  return undefined;
}

function invalid(reason: string, hint: string): PlanRefusal {
  return { kind: "refused", code: "EINVAL", reason, hint };
}

function compare(a: bigint, b: bigint): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
