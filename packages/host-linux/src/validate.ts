// Argument checks before a system call: what koffi would convert silently is refused.
//
// For every method of the port: koffi turns 1.9 into 1, NaN into 0, 2^31 into -2^31, an empty or
// detached array into NULL and a string into a pointer, so a mistake would reach the kernel as
// another call. Must never refuse what the kernel can answer itself: a closed descriptor is EBADF.
// Rests on nothing but the language; each check costs a few nanoseconds on the good path.

import { types } from "node:util";
import { type Facts, IommuError } from "@iommukit/core";

/** Throws `invalid-argument`. The message is built here only, on the way out. */
export function refuse(operation: string, sentence: string, facts: Facts = {}): never {
  throw new IommuError({ code: "invalid-argument", operation, sentence, facts });
}

function show(value: unknown): string {
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  return value === null ? "null" : typeof value;
}

/** A C int. A negative one is passed on: the kernel answers EBADF. */
export function checkDescriptor(operation: string, fd: number): void {
  // `typeof` first: `|` on a bigint would throw a TypeError of its own.
  if (typeof fd !== "number" || (fd | 0) !== fd)
    refuse(operation, `a descriptor is a 32-bit integer, not ${show(fd)}`, { fd: show(fd) });
}

/** An ioctl number: 32 unsigned bits in both encodings. */
export function checkRequest(operation: string, request: number): void {
  if (typeof request !== "number" || request >>> 0 !== request)
    refuse(operation, `an ioctl number is an unsigned 32-bit integer, not ${show(request)}`);
}

/** A machine word in the argument register. */
export function checkWord(operation: string, word: number): void {
  if (!(Number.isSafeInteger(word) && word >= 0))
    refuse(operation, `an argument word is a safe non-negative integer, not ${show(word)}`);
}

/** Bytes that the kernel may read and write: at least one, in a buffer that is not detached. */
export function checkBuffer(operation: string, buffer: Uint8Array): void {
  // `instanceof` first: 2 ns; the other test accepts arrays of another realm (a vm context).
  if (!(buffer instanceof Uint8Array) && !types.isUint8Array(buffer))
    refuse(operation, `a buffer is a Uint8Array, not ${show(buffer)}`);
  if (buffer.length === 0)
    refuse(operation, "the buffer is empty or detached, which the kernel would take for NULL");
}

/** A file offset: off_t is signed, so 63 bits. */
export function checkOffset(operation: string, offset: bigint): void {
  if (typeof offset !== "bigint") refuse(operation, `an offset is a bigint, not ${show(offset)}`);
  if (offset < 0n || offset >> 63n !== 0n)
    refuse(operation, "an offset is 0 to 2^63 - 1", { offset: show(offset) });
}

/** A path for the kernel: a C string has no NUL inside. */
export function checkPath(operation: string, path: string): void {
  if (typeof path !== "string") refuse(operation, `a path is a string, not ${show(path)}`);
  if (path.includes("\0")) refuse(operation, "a path contains a NUL character");
}

/** A wait: whole or fractional milliseconds that a timer can count. */
export function checkMilliseconds(operation: string, milliseconds: number): void {
  if (typeof milliseconds !== "number" || !(milliseconds >= 0 && milliseconds <= 0x7fff_ffff))
    refuse(operation, `a wait is 0 to 2^31 - 1 milliseconds, not ${show(milliseconds)}`);
}

/** A size in bytes, exact as a double. */
export function checkLength(operation: string, length: number): void {
  if (!(Number.isSafeInteger(length) && length > 0))
    refuse(operation, `a length is a positive safe integer, not ${show(length)}`);
}

/** One of the words that an option may be. */
export function checkWordOf(operation: string, allowed: readonly string[], value: string): void {
  if (!allowed.includes(value))
    refuse(operation, `${JSON.stringify(value)} is not one of ${allowed.join(", ")}`);
}
