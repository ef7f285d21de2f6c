// Waiting for eventfds: one pool thread for all waiters, however many there are.
//
// For `waitEvent`. Must never hold a thread for each waiter (the pool has 4, and file I/O needs them),
// never keep the process from exiting for longer than one slice, and never read a descriptor after it
// was closed. One poll(2) over all waited descriptors runs in the pool and only says "look again"; a
// wake-up eventfd in its set ends it early. Each waiter also looks by itself once a slice, so a pool
// that is full of long ioctls delays an event by a slice and never loses it.
// Rests on poll(2) and eventfd(2). (koffi.node.poll needs no thread but is a trap: koffi 3.3.4 aborts
// on a bad descriptor and crashes when a worker with a live handle is terminated.)

import { EAGAIN, EBADF, EINTR, EINVAL, ETIMEDOUT } from "./native/errno.ts";
import type { Libc } from "./native/libc.ts";

type EventLibc = Pick<Libc, "close" | "eventFd" | "poll" | "pollAsync" | "read" | "write">;

/** An exit waits for the poll in flight, so this bounds it. */
const SLICE_MILLISECONDS = 100;
const EINTR_RETRIES = 16;

// struct pollfd: int fd; short events; short revents. As two 32-bit words, the events' word differs
// with the byte order, so `events` goes through an Int16Array on the same bytes.
const WORDS = 2;
const POLLIN = 0x1;
const POLLNVAL = 0x20;

interface Waiter {
  readonly fd: number;
  readonly deadline: number;
  readonly resolve: (result: number) => void;
  timer: NodeJS.Timeout | undefined;
}

export class EventWaits {
  readonly #libc: EventLibc;
  readonly #waiters: Set<Waiter> = new Set();
  readonly #one: Int32Array = new Int32Array(WORDS);
  readonly #count: BigUint64Array = new BigUint64Array(1);
  #polling: boolean = false;
  #wake = -1;

  constructor(libc: EventLibc) {
    this.#libc = libc;
  }

  /** The count (above 2^53 rounded to a double), or -errno. */
  wait(fd: number, milliseconds: number): Promise<number> {
    const now = this.#take(fd);
    if (now !== -EAGAIN) return Promise.resolve(now);
    return new Promise((resolve) => {
      const deadline = performance.now() + milliseconds;
      const waiter: Waiter = { fd, deadline, resolve, timer: undefined };
      this.#waiters.add(waiter);
      this.#schedule(waiter);
      this.#lookAgain();
    });
  }

  /** Answers EBADF for every waiter on `fd`; call before the descriptor is closed. */
  cancel(fd: number): void {
    for (const waiter of this.#waiters) if (waiter.fd === fd) this.#settle(waiter, -EBADF);
  }

  /** Takes the count if there is one: never blocks, even when the descriptor does. */
  #take(fd: number): number {
    // poll(2) passes over a negative descriptor as if it were never ready.
    if (fd < 0) return -EBADF;
    fillPoll(this.#one, 0, fd);
    let ready = this.#libc.poll(this.#one, 1, 0);
    for (let tries = 0; ready === -EINTR && tries < EINTR_RETRIES; tries++)
      ready = this.#libc.poll(this.#one, 1, 0);
    if (ready === 0) return -EAGAIN;
    if (ready < 0) return ready;
    if ((pollResult(this.#one, 0) & POLLNVAL) !== 0) return -EBADF;
    const length = this.#libc.read(fd, new Uint8Array(this.#count.buffer));
    if (length === -EINTR) return -EAGAIN;
    if (length < 0) return length;
    return length === 8 ? Number(this.#count[0]) : -EINVAL;
  }

  #schedule(waiter: Waiter): void {
    const left = waiter.deadline - performance.now();
    // Not less than 1: setTimeout rounds down, and 0.4 ms left must not spin.
    const slice = Math.max(1, Math.min(left, SLICE_MILLISECONDS));
    waiter.timer = setTimeout(() => this.#tick(waiter), slice);
  }

  #tick(waiter: Waiter): void {
    const result = this.#take(waiter.fd);
    if (result !== -EAGAIN) this.#settle(waiter, result);
    else if (performance.now() >= waiter.deadline) this.#settle(waiter, -ETIMEDOUT);
    else {
      this.#schedule(waiter);
      if (!this.#polling) this.#startPoll();
    }
  }

  #settle(waiter: Waiter, result: number): void {
    if (!this.#waiters.delete(waiter)) return;
    clearTimeout(waiter.timer);
    waiter.resolve(result);
    if (this.#waiters.size === 0) this.#lookAgain();
  }

  /** The set changed: end the poll in flight, or start one. */
  #lookAgain(): void {
    if (!this.#polling) this.#startPoll();
    else if (this.#wake >= 0) this.#libc.write(this.#wake, new Uint8Array(ONE.buffer));
  }

  #startPoll(): void {
    if (this.#waiters.size === 0) {
      this.#dropWake();
      return;
    }
    if (this.#wake < 0) this.#wake = this.#libc.eventFd();
    const descriptors = [...new Set([...this.#waiters].map((waiter) => waiter.fd))];
    // Without a wake-up descriptor (EMFILE) poll(2) skips the -1, and a slice bounds the wait.
    descriptors.unshift(Math.max(this.#wake, -1));
    const set = new Int32Array(descriptors.length * WORDS);
    for (const [index, fd] of descriptors.entries()) fillPoll(set, index, fd);
    try {
      this.#libc.pollAsync(set, descriptors.length, SLICE_MILLISECONDS, () => this.#polled());
      this.#polling = true;
    } catch {
      // koffi's 256 calls are in flight: the waiters' own timers look until one is free.
    }
  }

  #polled(): void {
    this.#polling = false;
    if (this.#wake >= 0) this.#libc.read(this.#wake, new Uint8Array(this.#count.buffer));
    for (const waiter of [...this.#waiters]) {
      const result = this.#take(waiter.fd);
      if (result !== -EAGAIN) this.#settle(waiter, result);
    }
    if (!this.#polling) this.#startPoll();
  }

  #dropWake(): void {
    if (this.#wake >= 0) this.#libc.close(this.#wake);
    this.#wake = -1;
  }
}

const ONE: BigUint64Array = new BigUint64Array([1n]);

function fillPoll(set: Int32Array, index: number, fd: number): void {
  set[index * WORDS] = fd;
  const events = new Int16Array(set.buffer, (index * WORDS + 1) * 4, 2);
  events[0] = POLLIN;
  events[1] = 0;
}

function pollResult(set: Int32Array, index: number): number {
  return new Int16Array(set.buffer, (index * WORDS + 1) * 4, 2)[1] ?? 0;
}
