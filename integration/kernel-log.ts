// The running kernel's log, for programs that must leave no warning in it.

import { closeSync, constants, openSync, readSync } from "node:fs";

const { O_NONBLOCK, O_RDONLY } = constants;
/** Longer than any record (PRINTKRB_RECORD_MAX is 1024, and /dev/kmsg adds a prefix). */
const RECORD_BYTES = 8192;

/** Every line of the log so far; undefined where /dev/kmsg cannot be read. */
export function readKernelLog(): readonly string[] | undefined {
  let fd: number;
  try {
    fd = openSync("/dev/kmsg", O_RDONLY | O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    return [...records(fd)];
  } finally {
    closeSync(fd);
  }
}

/** Lines that say that something went wrong inside the kernel. */
export function troubleIn(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => /WARNING: |BUG: |Oops: |kernel BUG|Call Trace/.test(line));
}

/** One record a read; EAGAIN is the end, EPIPE means that older records were overwritten. */
function* records(fd: number): Generator<string, void> {
  const bytes = new Uint8Array(RECORD_BYTES);
  for (;;) {
    let length: number;
    try {
      length = readSync(fd, bytes);
    } catch (error) {
      if (Object(error).code === "EPIPE") continue;
      return;
    }
    if (length === 0) return;
    const text = new TextDecoder().decode(bytes.subarray(0, length));
    yield text.slice(text.indexOf(";") + 1).trimEnd();
  }
}
