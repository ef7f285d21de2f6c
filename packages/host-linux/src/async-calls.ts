// ioctls off the event loop: a bounded queue in front of the thread pool.
//
// For maps that pin gigabytes: seconds of work that would stop the event loop. Must never let a
// queued call reach another file: a descriptor closed meanwhile may have been given out again. So a
// call runs on a duplicate made when it starts, as the kernel itself holds the file during a call, and
// a call that has not started when its descriptor is closed answers EBADF.
// Rests on fcntl(2) F_DUPFD_CLOEXEC and on koffi: 256 asynchronous calls at once, the next throws.

import { EAGAIN, EBADF } from "./native/errno.ts";
import type { Libc } from "./native/libc.ts";

type AsyncLibc = Pick<Libc, "close" | "duplicate" | "ioctlPointerAsync" | "ioctlWordAsync">;

export interface AsyncCallLimits {
  /** Calls given to the thread pool at once. It has 4 threads; more only wait there. */
  readonly running: number;
  /** Calls that wait behind them; the next answers EAGAIN. */
  readonly waiting: number;
}

interface Call {
  readonly fd: number;
  readonly request: number;
  readonly argument: Uint8Array | number;
  readonly settle: (result: number) => void;
}

/** How long to wait when the rest of the process has used up koffi's calls. */
const RETRY_MILLISECONDS = 1;

export class AsyncCalls {
  readonly #libc: AsyncLibc;
  readonly #limits: AsyncCallLimits;
  #waiting: Call[] = [];
  #running = 0;

  constructor(libc: AsyncLibc, limits: AsyncCallLimits) {
    this.#libc = libc;
    this.#limits = limits;
  }

  ioctl(fd: number, request: number, argument: Uint8Array | number): Promise<number> {
    if (this.#waiting.length >= this.#limits.waiting) return Promise.resolve(-EAGAIN);
    return new Promise((settle) => {
      this.#waiting.push({ fd, request, argument, settle });
      this.#start();
    });
  }

  /** Answers EBADF for every call on `fd` that has not started. */
  cancel(fd: number): void {
    const cancelled = this.#waiting.filter((call) => call.fd === fd);
    if (cancelled.length === 0) return;
    this.#waiting = this.#waiting.filter((call) => call.fd !== fd);
    for (const call of cancelled) call.settle(-EBADF);
  }

  #start(): void {
    while (this.#running < this.#limits.running) {
      const call = this.#waiting.shift();
      if (call === undefined) return;
      const duplicate = this.#libc.duplicate(call.fd);
      if (duplicate < 0) call.settle(duplicate);
      else if (!this.#run(call, duplicate)) {
        this.#postpone(call, duplicate);
        return;
      }
    }
  }

  /** False when koffi had no call free. */
  #run(call: Call, duplicate: number): boolean {
    const done = (result: number): void => {
      this.#libc.close(duplicate);
      this.#running--;
      call.settle(result);
      this.#start();
    };
    try {
      if (typeof call.argument === "number")
        this.#libc.ioctlWordAsync(duplicate, call.request, call.argument, done);
      else this.#libc.ioctlPointerAsync(duplicate, call.request, call.argument, done);
    } catch {
      return false;
    }
    this.#running++;
    return true;
  }

  #postpone(call: Call, duplicate: number): void {
    this.#libc.close(duplicate);
    this.#waiting.unshift(call);
    setTimeout(() => this.#start(), RETRY_MILLISECONDS);
  }
}
