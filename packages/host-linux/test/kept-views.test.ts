// Waits and asynchronous ioctls while the collector runs: nothing is written into freed memory.
//
// Without the port's care 60 waits ended the process on Node 24 (SIGSEGV, or malloc() corrupted).

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { linuxHost } from "@iommukit/host-linux";
import { expect, test } from "vitest";

const FIONREAD = 0x541b;
const ETIMEDOUT = -110;

test("behavior: 100 waits and 400 calls under garbage collection", async () => {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  const port = linuxHost();
  const fd = port.eventFd();
  const litter: Uint8Array[] = [];
  for (let round = 0; round < 100; round++) {
    const wait = port.waitEvent(fd, 5);
    const calls = [0, 1, 2, 3].map(() => {
      const argument = new Uint8Array(new Uint8Array(64).buffer, 0, 4);
      return port.ioctlAsync(fd, FIONREAD, argument);
    });
    for (let i = 0; i < 200; i++) litter.push(new Uint8Array(64).fill(round));
    litter.splice(0, 150);
    if (typeof collect === "function") collect();
    expect(await wait).toBe(ETIMEDOUT);
    for (const result of await Promise.all(calls)) expect(result).toBeLessThanOrEqual(0);
  }
  expect(typeof collect).toBe("function");
  port.close(fd);
});
