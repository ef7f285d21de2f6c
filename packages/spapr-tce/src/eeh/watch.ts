// Tells changes of a PE's state. The kernel tells none by itself, so it is asked again and again.

import { type IommuError, isIommuError, type KernelPort } from "@iommukit/core";
import { requireMilliseconds, requireOptions } from "../arguments.ts";
import { pause } from "./pause.ts";
import type { PeState } from "./states.ts";

/** A change of the state. */
export interface EehEvent {
  readonly state: PeState;
  /** What it was when it was last told; `normal` before the first. */
  readonly previous: PeState;
}

/** What stops a watch: an AbortSignal, of which only this is used. */
export interface WatchSignal {
  readonly aborted: boolean;
}

/** How `Eeh.watch` asks. */
export interface WatchOptions {
  /** Milliseconds between two questions, at least 1. Default 100. A change back in between is not seen. */
  readonly interval?: number;
  readonly signal?: WatchSignal;
}

/**
 * One event for each change; whoever does not ask for the next event stops the questions too, so nothing
 * piles up. It ends when the signal fires or the container is closed.
 *
 * Valid errors: those of `Eeh.readState`, and `invalid-argument`.
 */
export async function* watch(
  port: KernelPort,
  readState: () => PeState,
  options: WatchOptions = {},
): AsyncGenerator<EehEvent, void> {
  requireOptions("watch", options, ["interval", "signal"]);
  const { interval = 100, signal } = options;
  // Without a pause the kernel is asked a million times in three seconds and no timer of the caller's fires.
  requireMilliseconds("watch", interval, 1);
  let previous: PeState = "normal";
  while (signal?.aborted !== true) {
    const state = stateUnlessClosed(readState);
    if (state === undefined) return;
    if (state !== previous) {
      yield { state, previous };
      previous = state;
    }
    await pause(port, interval);
  }
}

function stateUnlessClosed(readState: () => PeState): PeState | undefined {
  try {
    return readState();
  } catch (error) {
    if (isClosed(error)) return undefined;
    throw error;
  }
}

function isClosed(error: unknown): error is IommuError {
  return isIommuError(error, "closed");
}
