// What a plan is asked for: memory at bus addresses, and what may be locked. Checked once, here.

import { formatRange, type IommuError } from "@iommukit/core";
import { badArgument, requireOneOf, requireOptions, told } from "../arguments.ts";
import type { WindowOffer } from "../offer.ts";
import { offerProblem } from "../offer-check.ts";
import { isPowerOfTwo } from "../table-size.ts";

/** Memory that devices are to reach. */
export interface MemoryRange {
  /** Where a window carries it, in bytes from the window's start: a guest's physical address. */
  readonly address: bigint;
  /** Bytes. */
  readonly size: bigint;
  /** Bytes of the host's pages that back it; its host address is a multiple of them too. */
  readonly backing: number;
}

/** What `planWindows` plans for. */
export interface PlanRequest {
  readonly offer: WindowOffer;
  readonly ranges: readonly MemoryRange[];
  /** Bytes that the process may lock beyond what is locked already; left out, without limit. */
  readonly lockable?: bigint | undefined;
  /** `identity`: bus addresses are the ranges' addresses, so the window begins at 0. Default `any`. */
  readonly placement?: "any" | "identity" | undefined;
}

const OPERATION = "planWindows";
const LIMIT = 1n << 64n;

/** Valid errors: `invalid-argument`. */
export function checkRequest(request: PlanRequest): void {
  requireOptions(OPERATION, request, ["offer", "ranges", "lockable", "placement"]);
  const { offer, ranges, lockable, placement } = request;
  const problem = offerProblem(offer);
  if (problem !== undefined) throw bad(problem);
  if (placement !== undefined) requireOneOf(OPERATION, placement, ["any", "identity"]);
  if (lockable !== undefined && !(typeof lockable === "bigint" && lockable >= 0n))
    throw bad(`what can be locked is a bigint of 0 and more, not ${told(lockable)}`);
  checkRanges(ranges, BigInt(offer.kernelPageSize));
}

function checkRanges(ranges: readonly MemoryRange[], page: bigint): void {
  if (!Array.isArray(ranges)) throw bad("its ranges are no list");
  if (ranges.length === 0) throw bad("there is no memory to plan for");
  for (const range of ranges) checkRange(range, page);
  const sorted = ranges.toSorted((a, b) => (a.address < b.address ? -1 : 1));
  for (const [i, range] of sorted.entries()) {
    const next = sorted[i + 1];
    if (next !== undefined && range.address + range.size > next.address)
      throw bad(`${formatRange(next.address, next.size)} overlaps another range`);
  }
}

function checkRange(range: MemoryRange, page: bigint): void {
  const { address, size, backing } = Object(range) as MemoryRange; // cast: looked at member by member
  if (typeof address !== "bigint" || typeof size !== "bigint")
    throw bad("a range is { address, size, backing }, the first two as bigints of bytes");
  if (address < 0n || size <= 0n || address + size > LIMIT)
    throw bad(`a range of ${size} bytes at ${address} is none of 64 bits`);
  if ((address | size) % page !== 0n)
    throw bad(`${formatRange(address, size)} is not whole pages of the kernel's ${page} bytes`);
  if (!Number.isSafeInteger(backing) || !isPowerOfTwo(BigInt(backing)) || backing < Number(page))
    throw bad(`no memory is backed by pages of ${told(backing)} bytes here`);
}

/** The largest window page that can carry a range: its backing and both its ends must allow it. */
export function largestPage({ address, size, backing }: MemoryRange): number {
  const ends = address | size;
  const aligned = ends & -ends;
  return aligned < BigInt(backing) ? Number(aligned) : backing;
}

/** The address behind the last byte of the ranges. */
export function endOf(ranges: readonly MemoryRange[]): bigint {
  let end = 0n;
  for (const { address, size } of ranges) if (address + size > end) end = address + size;
  return end;
}

function bad(why: string): IommuError {
  return badArgument(OPERATION, why);
}
