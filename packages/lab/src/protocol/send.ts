// Writes messages to the command before anything else can happen.
//
// Synchronous, so that a fact that was logged is a fact that arrives, even when the next statement
// ends the process.

import { writeSync } from "node:fs";
import { errnoOf } from "../errors.ts";
import { encodeMessage, type RunnerMessage } from "./message.ts";

export type Send = (message: RunnerMessage) => void;

const STDOUT = 1;

export function createSend(nonce: string, fd: number = STDOUT): Send {
  return (message) => writeAll(fd, Buffer.from(encodeMessage(nonce, message)));
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += writeSome(fd, bytes.subarray(done));
}

/** A pipe may be non-blocking and full: then the reader needs a moment, and there is nobody else. */
function writeSome(fd: number, bytes: Buffer): number {
  try {
    return writeSync(fd, bytes);
  } catch (error) {
    if (errnoOf(error) !== "EAGAIN") throw error;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    return 0;
  }
}
