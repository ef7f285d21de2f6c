// The end of the other process: waited for, and brought about when it does not come.
//
// Blocks, so the event loop never hears that the child ended; procfs tells.

import type { ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { pause } from "./message.ts";

/** What SIGKILL leaves to do is the kernel's: to close devices, which takes seconds on POWER. */
const KILL_MS = 60_000;

/** Ends it whatever it does. `reason` is why, for the error that there is when it cannot be ended. */
export function kill(child: ChildProcess, reason?: unknown): void {
  child.kill("SIGKILL");
  if (!isGoneIn(child, KILL_MS))
    throw new Error(`the other process (${child.pid}) was killed and has not ended`, {
      cause: reason,
    });
}

/** Waits for its end; false when that has not come in time. */
export function isGoneIn(child: ChildProcess, milliseconds: number): boolean {
  const deadline = performance.now() + milliseconds;
  for (let looks = 0; isRunning(child); looks++) {
    if (performance.now() > deadline) return false;
    pause(looks);
  }
  return true;
}

/**
 * A process that ended and was not waited for yet has already let go of its memory and files; but its
 * first thread ends before the others, and those hold the same files.
 */
export function isRunning({ pid, exitCode, signalCode }: ChildProcess): boolean {
  // It was waited for already, and its number may be another process's by now.
  if (exitCode !== null || signalCode !== null) return false;
  try {
    const state = /^State:\t(.)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return state !== "Z" || readdirSync(`/proc/${pid}/task`).length > 1;
  } catch {
    return false;
  }
}
