import fs from "node:fs";
import { expect, test } from "vitest";
import { eventStream } from "./event-stream.ts";
import { linuxHost } from "./linux-host.ts";

const port = linuxHost();

function signal(fd: number, count = 1n): void {
  fs.writeSync(fd, new BigUint64Array([count]));
}

test("default: counts until the loop is left; the descriptor stays open", async () => {
  const fd = port.eventFd();
  const counts: number[] = [];
  signal(fd, 5n);
  for await (const count of eventStream(port, fd)) {
    counts.push(count);
    if (counts.length === 3) break;
    setTimeout(() => signal(fd, BigInt(counts.length)), 5);
  }
  expect(counts).toEqual([5, 1, 2]);
  expect(port.close(fd)).toBe(0);
});

test("error: an abort ends it within a slice, with the reason as cause", async () => {
  const fd = port.eventFd();
  const control = new AbortController();
  const next = eventStream(port, fd, { signal: control.signal, slice: 20 }).next();
  setTimeout(() => control.abort("enough"), 5);
  await expect(next).rejects.toMatchObject({ code: "aborted", cause: "enough" });
  port.close(fd);
});

test("error: aborted before the start", async () => {
  const stream = eventStream(port, 0, { signal: AbortSignal.abort() });
  await expect(stream.next()).rejects.toMatchObject({ code: "aborted" });
});

test("rule: a count that arrives with the abort is delivered, not lost", async () => {
  const fd = port.eventFd();
  const control = new AbortController();
  const stream = eventStream(port, fd, { signal: control.signal });
  const next = stream.next();
  signal(fd, 4n);
  control.abort();
  expect(await next).toEqual({ done: false, value: 4 });
  await expect(stream.next()).rejects.toMatchObject({ code: "aborted" });
  port.close(fd);
});

test("error: closing the descriptor ends it with `closed`", async () => {
  const fd = port.eventFd();
  const next = eventStream(port, fd).next();
  setTimeout(() => port.close(fd), 5);
  await expect(next).rejects.toMatchObject({ code: "closed" });
});
