// An eventfd: a counter that devices raise and a process takes.
//
// Waiting uses the host's timer only as the limit; a signal that comes first settles the wait.

import { ESPIPE, ETIMEDOUT } from "./errno.ts";
import { OpenFile } from "./open-file.ts";
import { cancelTimer, startTimer } from "./timer.ts";

export class EventFd extends OpenFile {
  readonly kind = "eventfd";
  readonly label = "anon_inode:[eventfd]";
  #count = 0;
  readonly #waiters: ((count: number) => void)[] = [];

  /** Raises the counter by one and wakes the first who waits. */
  signal(): void {
    this.#count += 1;
    this.#waiters.shift()?.(this.#take());
  }

  wait(milliseconds: number): Promise<number> {
    if (this.#count > 0) return Promise.resolve(this.#take());
    if (milliseconds <= 0) return Promise.resolve(-ETIMEDOUT);
    return new Promise((resolve) => {
      const waiter = (count: number): void => {
        cancelTimer(timer);
        resolve(count);
      };
      const timer = startTimer(() => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        resolve(-ETIMEDOUT);
      }, milliseconds);
      this.#waiters.push(waiter);
    });
  }

  /** pread on an eventfd is not possible: it has no position. */
  override readAt(): number {
    return -ESPIPE;
  }

  override writeAt(): number {
    return -ESPIPE;
  }

  protected released(): void {
    this.#count = 0;
  }

  #take(): number {
    const count = this.#count;
    this.#count = 0;
    return count;
  }
}
