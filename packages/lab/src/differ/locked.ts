// How much memory of the process is locked, read after every call of a sequence.
//
// Through one open file where the port has it: a guest's Node takes milliseconds to open, read and
// close one. Rests on proc(5), /proc/self/status.

import type { KernelPort } from "@iommukit/core";
import { lockedKib } from "./result.ts";

const STATUS = "/proc/self/status";
/** VmLck stands in the first thousand bytes. */
const STATUS_BYTES = 2048;

export class LockedMemory {
  readonly #port: KernelPort;
  readonly #fd: number;
  readonly #bytes = Buffer.alloc(STATUS_BYTES);

  constructor(port: KernelPort) {
    this.#port = port;
    this.#fd = port.open(STATUS, "r");
  }

  /** KiB, or -1 where the machine does not say. */
  read(): number {
    if (this.#fd < 0) return lockedKib(this.#port.readText(STATUS));
    const length = this.#port.readAt(this.#fd, this.#bytes, 0n);
    return lockedKib(this.#bytes.toString("latin1", 0, Math.max(length, 0)));
  }

  close(): void {
    if (this.#fd >= 0) this.#port.close(this.#fd);
  }
}
