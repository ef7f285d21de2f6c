import { afterAll, beforeAll, expect, test } from "vitest";
import { codeOf, type Scratch, scratch, ttyIoctls } from "../test/kernel-facts.ts";
import { linuxHost } from "./linux-host.ts";

const port = linuxHost();
const { FIONREAD } = ttyIoctls(port.abi);
let files: Scratch;
let fifo = -1;

beforeAll(() => {
  files = scratch();
  fifo = port.open(files.fifo, "rw");
});
afterAll(() => {
  port.close(fifo);
  files.remove();
});

const zero = new Uint8Array(0);
const word = new Uint8Array(4);
const sized = 0x8008_3b00; // _IOR(';', 0, 8): the kernel would write 8 bytes
// What TypeScript would refuse, as a caller without types would write it.
const wrong = (value: unknown): never => value as never;
const refused: readonly [string, () => unknown][] = [
  ["a fractional descriptor", () => port.ioctl(1.5, FIONREAD, word)],
  ["a NaN descriptor", () => port.close(Number.NaN)],
  ["a descriptor of 2^31", () => port.readAt(2 ** 31, word, 0n)],
  ["a string as descriptor", () => port.close(wrong("3"))],
  ["a bigint as descriptor", () => port.ioctl(wrong(3n), FIONREAD, word)],
  ["a negative request", () => port.ioctl(fifo, -1, word)],
  ["a request of 33 bits", () => port.ioctl(fifo, 2 ** 32, word)],
  ["a fractional request", () => port.ioctl(fifo, 0.5, word)],
  ["an empty array", () => port.ioctl(fifo, FIONREAD, zero)],
  ["a detached array", () => port.ioctl(fifo, FIONREAD, detached())],
  ["a string argument", () => port.ioctl(fifo, FIONREAD, wrong("abcd"))],
  ["undefined argument", () => port.ioctl(fifo, FIONREAD, wrong(undefined))],
  ["null argument", () => port.ioctl(fifo, FIONREAD, wrong(null))],
  ["a plain array", () => port.ioctl(fifo, FIONREAD, wrong([0, 0, 0, 0]))],
  ["an ArrayBuffer", () => port.ioctl(fifo, FIONREAD, wrong(new ArrayBuffer(4)))],
  ["a Float64Array", () => port.ioctl(fifo, FIONREAD, wrong(new Float64Array(4)))],
  ["a bigint as request", () => port.ioctl(fifo, wrong(5n), word)],
  ["a bigint argument", () => port.ioctl(fifo, FIONREAD, wrong(4n))],
  ["a fractional word", () => port.ioctl(fifo, FIONREAD, 1.9)],
  ["a negative word", () => port.ioctl(fifo, FIONREAD, -1)],
  ["a word of 2^53", () => port.ioctl(fifo, FIONREAD, 2 ** 53)],
  ["NaN as word", () => port.ioctl(fifo, FIONREAD, Number.NaN)],
  ["a buffer shorter than the number says", () => port.ioctl(fifo, sized, word)],
  ["reading into nothing", () => port.readAt(fifo, zero, 0n)],
  ["writing a string", () => port.writeAt(fifo, wrong("abc"), 0n)],
  ["a negative offset", () => port.readAt(fifo, word, -1n)],
  ["an offset of 2^63", () => port.readAt(fifo, word, 2n ** 63n)],
  ["a number as offset", () => port.readAt(fifo, word, wrong(0))],
  ["a path with NUL", () => port.open("/dev/zero\0x", "r")],
  ["a number as path", () => port.open(wrong(3), "r")],
  ["an unknown open flag", () => port.open("/dev/zero", wrong("w"))],
  ["a link path with NUL", () => port.readLink("\0")],
  ["a folder with NUL", () => port.list("a\0")],
  ["a text path with NUL", () => port.readText("a\0")],
  ["a written path with NUL", () => port.writeText("a\0", "x")],
  ["a number as text", () => port.writeText("/dev/null", wrong(5))],
  ["no running calls", () => linuxHost({ asyncRunning: 0 })],
  ["too many running calls", () => linuxHost({ asyncRunning: 201 })],
  ["half a waiting call", () => linuxHost({ asyncWaiting: 0.5 })],
];

test.each(refused)("error: %s is invalid-argument and makes no call", (_, call) => {
  expect(codeOf(call)).toBe("invalid-argument");
});

const refusedLater: readonly [string, () => Promise<number>][] = [
  ["an empty array", () => port.ioctlAsync(fifo, FIONREAD, zero)],
  ["a short buffer", () => port.ioctlAsync(fifo, sized, word)],
  ["a fractional word", () => port.ioctlAsync(fifo, FIONREAD, 0.5)],
  ["a negative wait", () => port.waitEvent(fifo, -1)],
  ["a NaN wait", () => port.waitEvent(fifo, Number.NaN)],
  ["a wait of 2^31", () => port.waitEvent(fifo, 2 ** 31)],
  ["a fractional descriptor", () => port.waitEvent(0.5, 1)],
];

test.each(refusedLater)("error: %s rejects the promise", async (_, call) => {
  await expect(call()).rejects.toMatchObject({ code: "invalid-argument" });
});

function detached(): Uint8Array {
  const array = new Uint8Array(4);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}
