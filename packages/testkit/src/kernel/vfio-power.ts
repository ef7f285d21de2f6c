// The low-power state that a user puts a device into (type1.md 5.8, 5.12).

import { EINVAL } from "./errno.ts";
import type { EventFd } from "./event-fd.ts";

export class DevicePower {
  #low: boolean = false;
  #wakeup: EventFd | null = null;

  get isLow(): boolean {
    return this.#low;
  }

  /** Takes over the eventfd's reference. Twice is EINVAL. */
  enter(wakeup: EventFd | null): number {
    if (this.#low) {
      wakeup?.drop();
      return -EINVAL;
    }
    this.#low = true;
    this.#wakeup = wakeup;
    return 0;
  }

  exit(): number {
    this.#low = false;
    this.#wakeup?.drop();
    this.#wakeup = null;
    return 0;
  }

  /** A call that needs the device: with a wake-up eventfd the state ends, and it is signalled. */
  wake(): void {
    const wakeup = this.#wakeup;
    if (wakeup === null) return;
    wakeup.signal();
    this.exit();
  }
}
