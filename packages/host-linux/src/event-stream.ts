// An eventfd as an async iterable: one value for each time it was signalled.
//
// For interrupts: `for await (const count of eventStream(port, fd, { signal }))`. Must never lose a
// count: once the port took one it is delivered, even when the caller's signal fired meanwhile.
// Rests on eventfd(2): the count is the number of signals since the last read.

import { IommuError, type KernelPort, refusedByKernel } from "@iommukit/core";
import { EBADF, ETIMEDOUT } from "./native/errno.ts";

/** How an event stream ends early. */
export interface EventStreamOptions {
  readonly signal?: AbortSignal;
  /** Longest delay between an abort and the end of the stream, in milliseconds. Default 50. */
  readonly slice?: number;
}

/**
 * The counts of an eventfd, until the loop is left, the descriptor is closed or the signal fires.
 *
 * Valid errors: `aborted` (cause: the signal's reason), `closed` (the descriptor), `invalid-argument`,
 * `kernel-refused`.
 */
export async function* eventStream(
  port: KernelPort,
  fd: number,
  options: EventStreamOptions = {},
): AsyncGenerator<number, never, undefined> {
  const { signal, slice = 50 } = options;
  for (;;) {
    if (signal?.aborted === true) throw aborted(fd, signal.reason);
    // In slices, because a wait cannot be taken back: ending it early could drop a count it took.
    const count = await port.waitEvent(fd, slice);
    if (count >= 0) yield count;
    else if (count !== -ETIMEDOUT) throw refused(port, fd, count);
  }
}

function aborted(fd: number, reason: unknown): IommuError {
  return new IommuError({
    code: "aborted",
    operation: "eventStream",
    sentence: "the caller's signal ended the stream of events",
    facts: { fd },
    cause: reason,
  });
}

function refused(port: KernelPort, fd: number, result: number): IommuError {
  return refusedByKernel(port.abi, {
    operation: "waitEvent",
    result,
    sentence: result === -EBADF ? "the eventfd was closed" : "waiting for an eventfd failed",
    facts: { fd },
    codes: { EBADF: "closed" },
  });
}
