import fs from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { EventWaits } from "./event-wait.ts";
import { linuxHost } from "./linux-host.ts";
import { libc } from "./native/libc.ts";

const port = linuxHost();
const made: number[] = [];
afterEach(() => {
  for (const fd of made.splice(0)) port.close(fd);
});

function event(): number {
  const fd = port.eventFd();
  made.push(fd);
  return fd;
}

function signal(fd: number, count = 1n): void {
  fs.writeSync(fd, new BigUint64Array([count]));
}

async function timed<T>(call: Promise<T>): Promise<[T, number]> {
  const start = performance.now();
  return [await call, performance.now() - start];
}

describe("default", () => {
  test("a count that is there is taken at once, whole", async () => {
    const fd = event();
    signal(fd, 3n);
    signal(fd, 4n);
    expect(await port.waitEvent(fd, 0)).toBe(7);
    expect(await port.waitEvent(fd, 0)).toBe(-110);
  });

  test("counts above 32 bits are read as 64 bits", async () => {
    const fd = event();
    signal(fd, 2n ** 33n + 5n);
    expect(await port.waitEvent(fd, 0)).toBe(2 ** 33 + 5);
    signal(fd, 2n ** 64n - 2n);
    expect(await port.waitEvent(fd, 0)).toBe(2 ** 64);
  });

  test("a timeout is neither early nor much later than a timer of the same length", async () => {
    // A machine that stalls delays both.
    const timer = timed(new Promise<void>((done) => setTimeout(done, 130)));
    const [result, took] = await timed(port.waitEvent(event(), 130));
    const [, control] = await timer;
    expect(result).toBe(-110);
    expect(took).toBeGreaterThan(129);
    expect(took).toBeLessThan(Math.max(control, 130) + 270);
  });

  test("a signal wakes the waiter long before its slice ends", async () => {
    // One that waited for its slice of 100 ms would take 80 ms every time; a stall is not every time.
    const latencies: number[] = [];
    for (let round = 0; round < 5; round++) {
      const fd = event();
      let signalled = 0;
      setTimeout(() => {
        signalled = performance.now();
        signal(fd);
      }, 20);
      expect(await port.waitEvent(fd, 5000)).toBe(1);
      latencies.push(performance.now() - signalled);
    }
    expect(Math.min(...latencies)).toBeLessThan(60);
  });
});

describe("behavior", () => {
  test("50 waiters on 50 descriptors leave threads for others, and each gets its own count", async () => {
    const fds = Array.from({ length: 50 }, event);
    const waits = fds.map((fd) => port.waitEvent(fd, 5000));
    // With every thread of the pool taken each of these would wait for a slice of 100 ms.
    const latencies: number[] = [];
    for (let round = 0; round < 5; round++) latencies.push((await timed(fs.promises.stat("/")))[1]);
    expect(Math.min(...latencies)).toBeLessThan(80);
    for (const [i, fd] of fds.entries()) signal(fd, BigInt(i + 1));
    expect(await Promise.all(waits)).toEqual(fds.map((_, i) => i + 1));
  });

  test("two waiters on one descriptor: one count goes to one of them", async () => {
    const fd = event();
    const waits = [port.waitEvent(fd, 60), port.waitEvent(fd, 60)];
    signal(fd, 9n);
    expect((await Promise.all(waits)).sort()).toEqual([-110, 9]);
  });

  test("closing the descriptor wakes its waiters and no other", async () => {
    const other = event();
    const longer = port.waitEvent(other, 5000);
    // Found only at the next slice it would take 90 ms every time.
    const latencies: number[] = [];
    for (let round = 0; round < 5; round++) {
      const fd = port.eventFd();
      const waits = [port.waitEvent(fd, 5000), port.waitEvent(fd, 5000)];
      await new Promise((done) => setTimeout(done, 10));
      const closed = performance.now();
      port.close(fd);
      expect(await Promise.all(waits)).toEqual([-9, -9]);
      latencies.push(performance.now() - closed);
    }
    expect(Math.min(...latencies)).toBeLessThan(80);
    signal(other);
    expect(await longer).toBe(1);
  });

  test("events arrive while every pool thread is held by others", async () => {
    const fd = event();
    const threads = Promise.all(
      Array.from(
        { length: 8 },
        () => new Promise((done) => libc.pollAsync(new Int32Array(2), 0, 400, done)),
      ),
    );
    const wait = port.waitEvent(fd, 5000);
    setTimeout(() => signal(fd), 10);
    // After one slice of 100 ms, not behind the 800 ms that the threads are held.
    const first = await Promise.race([wait.then(() => "event"), threads.then(() => "threads")]);
    expect(first).toBe("event");
    expect(await wait).toBe(1);
    await threads;
  });

  test("a blocking eventfd does not block the loop", async () => {
    const fd = event();
    port.ioctl(fd, port.abi.ioctlEncoding === "powerpc" ? 0x8004667e : 0x5421, new Uint8Array(4));
    expect(await port.waitEvent(fd, 5)).toBe(-110);
    signal(fd, 2n);
    expect(await port.waitEvent(fd, 5)).toBe(2);
  });

  test("the wake-up descriptor is closed when nobody waits", async () => {
    const before = fs.readdirSync("/proc/self/fd").length;
    const fd = port.eventFd();
    await port.waitEvent(fd, 1);
    port.close(fd);
    await expect.poll(() => fs.readdirSync("/proc/self/fd").length).toBe(before);
  });
});

describe("error", () => {
  test("what is no eventfd", async () => {
    expect(await port.waitEvent(-1, 10)).toBe(-9);
    expect(await port.waitEvent(100_000, 10)).toBe(-9);
    const fd = port.open("/proc/self/status", "r");
    made.push(fd);
    expect(await port.waitEvent(fd, 10)).not.toBe(-9);
    const folder = port.open("/proc", "r");
    made.push(folder);
    expect(await port.waitEvent(folder, 10)).toBe(-21);
  });

  test("poll interrupted, no descriptor for waking, no free asynchronous call: it still works", async () => {
    let interruptions = 3;
    let refusals = 1;
    const waits = new EventWaits({
      ...libc,
      eventFd: () => -24,
      poll: (...set) => (interruptions-- > 0 ? -4 : libc.poll(...set)),
      pollAsync: (...call) => {
        if (refusals-- > 0) throw new Error("too many calls");
        libc.pollAsync(...call);
      },
    });
    const fd = event();
    const wait = waits.wait(fd, 3000);
    setTimeout(() => signal(fd), 150);
    expect(await wait).toBe(1);
    expect(refusals).toBeLessThan(1);
  });
});
