import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Scratch, scratch, ttyIoctls } from "../test/kernel-facts.ts";
import { AsyncCalls } from "./async-calls.ts";
import { linuxHost } from "./linux-host.ts";

const port = linuxHost();
const { FIONREAD, TIOCGWINSZ } = ttyIoctls(port.abi);
let files: Scratch;
let fifo = -1;

beforeAll(() => {
  files = scratch();
  fifo = port.open(files.fifo, "rw");
  port.writeText(files.fifo, "seven!!");
});
afterAll(() => {
  port.close(fifo);
  files.remove();
});

describe("on the running kernel", () => {
  test("a storm of 1,000 calls: each gets its own answer and its own bytes", async () => {
    const buffers = Array.from({ length: 1000 }, () => new Int32Array(1));
    const answers = await Promise.all(
      buffers.map((buffer, i) => {
        const bytes = new Uint8Array(buffer.buffer);
        return port.ioctlAsync(
          fifo,
          i % 3 === 0 ? TIOCGWINSZ : FIONREAD,
          i % 3 === 0 ? wide() : bytes,
        );
      }),
    );
    for (const [i, answer] of answers.entries()) {
      expect(answer).toBe(i % 3 === 0 ? -25 : 0);
      expect(buffers[i]?.[0]).toBe(i % 3 === 0 ? 0 : 7);
    }
  });

  test("buffers that nobody else holds stay alive while the kernel may use them", async () => {
    const calls = Array.from({ length: 300 }, () => port.ioctlAsync(fifo, FIONREAD, wide()));
    const junk = Array.from({ length: 2000 }, () => new Uint8Array(10_000));
    expect(junk).toHaveLength(2000);
    expect(new Set(await Promise.all(calls))).toEqual(new Set([0]));
  });

  test("words, EBADF and EFAULT", async () => {
    expect(await port.ioctlAsync(fifo, FIONREAD, 8)).toBe(-14);
    expect(await port.ioctlAsync(-1, FIONREAD, wide())).toBe(-9);
    expect(await port.ioctlAsync(100_000, FIONREAD, 0)).toBe(-9);
  });

  test("closing the descriptor: calls that did not start answer EBADF, the others finish", async () => {
    const host = linuxHost({ asyncRunning: 2 });
    const fd = host.open(files.fifo, "rw");
    const calls = Array.from({ length: 20 }, () => host.ioctlAsync(fd, FIONREAD, wide()));
    expect(host.close(fd)).toBe(0);
    // The number is given out again at once; no queued call may reach the new file.
    const reused = host.open("/dev/zero", "r");
    const answers = await Promise.all(calls);
    host.close(reused);
    expect(reused).toBe(fd);
    expect(answers.slice(0, 2)).toEqual([0, 0]);
    expect(new Set(answers.slice(2))).toEqual(new Set([-9]));
  });
});

function wide(): Uint8Array {
  return new Uint8Array(8);
}

/** A libc whose calls finish when the test says so. */
class FakeLibc {
  readonly pending: ((result: number) => void)[] = [];
  readonly open = new Set<number>();
  refusals = 0;
  next = 100;

  duplicate = (fd: number): number => {
    if (fd < 0) return -9;
    this.open.add(this.next);
    return this.next++;
  };
  close = (fd: number): number => (this.open.delete(fd) ? 0 : -9);
  ioctlPointerAsync = (
    _fd: number,
    _request: number,
    _argument: Uint8Array,
    settle: (result: number) => void,
  ): void => {
    if (this.refusals-- > 0) throw new Error("too many calls");
    this.pending.push(settle);
  };
  ioctlWordAsync = (
    fd: number,
    request: number,
    _word: number,
    settle: (result: number) => void,
  ): void => this.ioctlPointerAsync(fd, request, wide(), settle);
}

describe("the queue", () => {
  test("never runs more than allowed, in order, and keeps no duplicate", async () => {
    const libc = new FakeLibc();
    const calls = new AsyncCalls(libc, { running: 2, waiting: 10 });
    const order: number[] = [];
    const all = [0, 1, 2, 3].map(async (i) => order.push(await calls.ioctl(1, i, i)));
    expect(libc.pending).toHaveLength(2);
    for (let i = 0; i < 4; i++) {
      libc.pending.shift()?.(i);
      expect(libc.pending.length).toBeLessThanOrEqual(2);
    }
    await Promise.all(all);
    expect(order).toEqual([0, 1, 2, 3]);
    expect(libc.open.size).toBe(0);
  });

  test("a full queue answers EAGAIN", async () => {
    const libc = new FakeLibc();
    const calls = new AsyncCalls(libc, { running: 1, waiting: 1 });
    const first = calls.ioctl(1, 0, 0);
    const second = calls.ioctl(1, 0, 0);
    expect(await calls.ioctl(1, 0, 0)).toBe(-11);
    libc.pending.shift()?.(5);
    libc.pending.shift()?.(6);
    expect([await first, await second]).toEqual([5, 6]);
  });

  test("koffi without a free call: tried again, nothing lost", async () => {
    const libc = new FakeLibc();
    libc.refusals = 3;
    const calls = new AsyncCalls(libc, { running: 4, waiting: 10 });
    const call = calls.ioctl(1, 0, wide());
    expect(libc.open.size).toBe(0);
    await expect.poll(() => libc.pending.length).toBe(1);
    libc.pending.shift()?.(9);
    expect(await call).toBe(9);
  });

  test("without limit on waiting, a call that cannot start at once still waits", async () => {
    const libc = new FakeLibc();
    const calls = new AsyncCalls(libc, { running: 1, waiting: 0 });
    expect(await calls.ioctl(1, 0, 0)).toBe(-11);
  });
});
