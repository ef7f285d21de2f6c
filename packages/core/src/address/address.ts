// Branded addresses and sizes, and the only arithmetic on them.
//
// An IOVA, a host address and a size are all 64-bit numbers, and every real driver bug of this
// family began with one used as another. Each has one constructor here that checks; no other file
// makes a brand. Byte addresses are bigint because they are not exact as doubles above 2^53; a
// page-frame number is a double because 2^64 / 4096 = 2^52 is exact (docs/decisions/0003).

import { IommuError } from "../errors/base.ts";

declare const brand: unique symbol;
type Branded<Name extends string> = bigint & { readonly [brand]: Name };

/** A bus address that a device uses. 0 to 2^64 - 1. */
export type Iova = Branded<"Iova">;
/** A virtual address of the calling process, as the kernel takes it in `vaddr`. 0 to 2^64 - 1. */
export type HostAddress = Branded<"HostAddress">;
/** A number of bytes. 0 to 2^64 - 1; a size of 2^64 cannot be said, as in the kernel's structs. */
export type ByteSize = Branded<"ByteSize">;

export const PAGE_FRAME_SHIFT = 12n;

const LIMIT = 1n << 64n;

function refuse(what: string, value: unknown, why: string): never {
  throw new IommuError({
    code: "invalid-address",
    operation: what,
    sentence: `${what} ${describe(value)} ${why}`,
    facts: { value: describe(value) },
    hint: `pass a bigint from 0n to 2n ** 64n - 1n, or a safe non-negative integer`,
  });
}

function describe(value: unknown): string {
  if (typeof value === "bigint") return value < 0n ? value.toString() : `0x${value.toString(16)}`;
  if (typeof value === "number") return String(value);
  return `of type ${value === null ? "null" : typeof value}`;
}

function checked(what: string, value: unknown): bigint {
  if (typeof value === "number") {
    if (!Number.isInteger(value)) refuse(what, value, "is not a whole number");
    if (value < 0) refuse(what, value, "is negative");
    if (!Number.isSafeInteger(value)) refuse(what, value, "is not exact as a number; use a bigint");
    return BigInt(value);
  }
  if (typeof value !== "bigint") refuse(what, value, "is not a bigint or a number");
  if (value < 0n) refuse(what, value, "is negative");
  if (value >= LIMIT) refuse(what, value, "does not fit in 64 bits");
  return value;
}

/**
 * Makes an `Iova` of a bigint or a safe integer.
 *
 * Valid errors: `invalid-address`.
 */
export function iova(value: bigint | number): Iova {
  return checked("IOVA", value) as Iova;
}

/**
 * Makes a `HostAddress` of a bigint or a safe integer.
 *
 * Valid errors: `invalid-address`.
 */
export function hostAddress(value: bigint | number): HostAddress {
  return checked("host address", value) as HostAddress;
}

/**
 * Makes a `ByteSize` of a bigint or a safe integer. Zero is a size; the operations that need more refuse it.
 *
 * Valid errors: `invalid-address`.
 */
export function bytes(value: bigint | number): ByteSize {
  return checked("size", value) as ByteSize;
}

/** Adds an offset to an IOVA; refuses to leave 64 bits. Valid errors: `invalid-address`. */
export function iovaPlus(base: Iova, offset: bigint | number): Iova {
  return iova(base + checked("offset", offset));
}

/** Adds an offset to a host address; refuses to leave 64 bits. Valid errors: `invalid-address`. */
export function hostPlus(base: HostAddress, offset: bigint | number): HostAddress {
  return hostAddress(base + checked("offset", offset));
}

/** The page-frame number of an address, exact for all 64-bit addresses. */
export function pageFrame(address: Iova | HostAddress): number {
  return Number(address >> PAGE_FRAME_SHIFT);
}

/** The number of 4 KiB frames in a size that is a multiple of 4 KiB. */
export function frameCount(size: ByteSize): number {
  return Number(size >> PAGE_FRAME_SHIFT);
}

/** The IOVA at which a page frame begins. */
export function frameToIova(frame: number): Iova {
  return iova(BigInt(frame) << PAGE_FRAME_SHIFT);
}

/** The size of a number of 4 KiB frames. */
export function framesToSize(frames: number): ByteSize {
  return bytes(BigInt(frames) << PAGE_FRAME_SHIFT);
}
