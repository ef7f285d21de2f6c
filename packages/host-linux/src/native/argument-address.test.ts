import fs from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, expect, test } from "vitest";
import { scratch, ttyIoctls } from "../../test/kernel-facts.ts";
import { linuxHost } from "../linux-host.ts";
import { ArgumentAddresses } from "./argument-address.ts";

const port = linuxHost();
const { FIONREAD } = ttyIoctls(port.abi);
const files = scratch();
const fifo = port.open(files.fifo, "rw");
fs.writeSync(fifo, Buffer.alloc(77));
afterAll(() => {
  port.close(fifo);
  files.remove();
});

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}

function asked(argument: Uint8Array): number {
  argument.fill(0xee);
  expect(port.ioctl(fifo, FIONREAD, argument)).toBe(0);
  return new DataView(argument.buffer, argument.byteOffset).getInt32(
    0,
    port.abi.byteOrder === "little",
  );
}

test("behavior: the kernel writes into the array though garbage was collected in between", () => {
  const array = new Uint8Array(4);
  for (let round = 0; round < 5; round++) {
    expect(asked(array)).toBe(77);
    collectGarbage();
  }
});

test("behavior: more arrays than are remembered, in turn: each gets its own bytes", () => {
  const arrays = Array.from({ length: 200 }, (_, index) =>
    new Uint8Array(64).subarray(index % 8, 60),
  );
  for (let round = 0; round < 3; round++) for (const array of arrays) expect(asked(array)).toBe(77);
});

test("edge: an array that is too long to be remembered", () => {
  expect(new ArgumentAddresses().of(3, 7, new Uint8Array(257))).toBe(0);
  expect(asked(new Uint8Array(257))).toBe(77);
});

test("edge: what was remembered and is detached now is refused before the kernel sees its address", () => {
  const array = new Uint8Array(4);
  expect(asked(array)).toBe(77);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  expect(array.length).toBe(0);
  expect(() => port.ioctl(fifo, FIONREAD, array)).toThrow(
    expect.objectContaining({ code: "invalid-argument" }),
  );
});

test("default: one address for an array, another for another", () => {
  const addresses = new ArgumentAddresses();
  const [one, other] = [new Uint8Array(8), new Uint8Array(8)];
  const first = addresses.of(3, 7, one);
  expect(first).toBeGreaterThan(0);
  expect(addresses.of(3, 7, other)).not.toBe(first);
  expect(addresses.of(3, 7, one)).toBe(first);
  expect(addresses.of(3, 7, one.subarray(2))).toBe(first + 2);
});
