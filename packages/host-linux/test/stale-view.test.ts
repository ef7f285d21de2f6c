// Touching memory after it was closed. A crash here ends the whole test process, so
// fresh-process.test.ts runs this file in a process of its own and looks at how that ends.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { HostMemory } from "@iommukit/core";
import { expect, test } from "vitest";
import { linuxHost } from "../src/linux-host.ts";
import { libc } from "../src/native/libc.ts";
import { viewMemory } from "../src/native/pointer.ts";

const port = linuxHost();

function memory(length = 8 * port.abi.pageSize): HostMemory {
  const result = port.mapMemory({ length });
  if (typeof result === "number") throw new Error(`mmap answered ${result}`);
  return result;
}

test("rule: a view kept past close reads nothing or zeros, and writes go nowhere", () => {
  const closed = memory();
  const view = closed.bytes;
  const words = new Uint32Array(view.buffer, 16, 4);
  view.fill(0x5a);
  expect(closed.close()).toBe(0);
  expect(view[0] ?? 0).toBe(0);
  expect(words[0] ?? 0).toBe(0);
  scribble(view, 0x11);
  words[1] = 5;
  // What takes the addresses next must not see the stale writes.
  const others = Array.from({ length: 20 }, () => memory());
  for (const other of others) expect(other.bytes.includes(0x11)).toBe(false);
  scribble(view, 0x22);
  for (const other of others) expect(other.bytes.includes(0x22)).toBe(false);
  for (const other of others) other.close();
});

test("rule: a buffer that its holder moved away is not left dangling", () => {
  const closed = memory();
  const buffer: ArrayBuffer & { transfer?(): ArrayBuffer } = closed.bytes.buffer as ArrayBuffer;
  closed.bytes.fill(0x5a);
  const moved = new Uint8Array(buffer.transfer?.() ?? buffer);
  expect(closed.close()).toBe(0);
  collectGarbage();
  expect(moved[0] ?? 0).toBe(0);
  scribble(moved, 1);
});

test("behavior: parked addresses go when the last view is collected", async () => {
  const addresses = Array.from({ length: 20 }, () => {
    const closed = memory();
    closed.bytes.fill(1);
    closed.close();
    return closed.address;
  });
  await expect
    .poll(() => {
      collectGarbage();
      return addresses.filter(isMapped).length;
    })
    .toBeLessThan(5);
});

// Only there to be killed: fresh-process.test.ts sets the variable and expects that.
if (process.env["IOMMUKIT_PROVE_DETECTOR"] === "1")
  test("the detector sees a crash", () => {
    const address = libc.mmap(0n, 4096, { protection: 3, flags: 0x22 }, -1, 0n);
    const view = viewMemory(address, 4096);
    libc.munmap(address, 4096);
    expect(view[0]).toBe(0);
  });

/** Element by element: `fill` throws a TypeError on a detached array, a plain write vanishes. */
function scribble(view: Uint8Array, value: number): void {
  for (let i = 0; i < port.abi.pageSize; i++) view[i] = value;
}

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  collect();
}

function isMapped(address: bigint): boolean {
  // madvise(MADV_NORMAL) changes nothing, and is ENOMEM where nothing is mapped.
  return libc.madvise(address, port.abi.pageSize, 0) === 0;
}
