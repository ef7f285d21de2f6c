// The unit's register page as a driver maps it: the register file, with the queue's registers as they
// are now.
//
// The queue keeps its head and tail as numbers, because software moves the tail for each flush; the
// file learns of them only when somebody looks.

import type { RegisterAccess, RegisterFile } from "../register-file.ts";
import type { InvalidationQueue } from "./invalidation.ts";
import { IQT_OFFSET, type VtdRegisterName } from "./registers.ts";

export class VtdRegisterPage implements RegisterAccess {
  readonly #file: RegisterFile<VtdRegisterName>;
  readonly #queue: InvalidationQueue;

  constructor(file: RegisterFile<VtdRegisterName>, queue: InvalidationQueue) {
    this.#file = file;
    this.#queue = queue;
  }

  read(offset: number, width: 4 | 8): bigint {
    this.#queue.show();
    return this.#file.read(offset, width);
  }

  write(offset: number, width: 4 | 8, value: bigint): void {
    this.#queue.show();
    this.#file.write(offset, width, value);
  }

  writeWord(offset: number, value: number): void {
    if (offset === IQT_OFFSET) this.#queue.moveTail(value);
    else this.write(offset, 4, BigInt(value));
  }
}
