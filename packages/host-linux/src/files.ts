// sysfs and proc through Node's own file calls: names and small texts, or -errno.
//
// For the four text methods of the port. Must never create or truncate a file (a mistyped sysfs path
// is ENOENT, not a new file), never block on a FIFO, and never read without a limit.
// Rests on readlink(2), open(2), read(2), write(2) and sysfs(5): one write is one store. libuv opens
// with O_CLOEXEC and restarts what a signal interrupted, except close.

import fs from "node:fs";
import { EFBIG, EIO } from "./native/errno.ts";

/** Far above any sysfs (one page) or proc file this library reads; /dev/zero would never end. */
const TEXT_LIMIT: number = 1024 * 1024;

export function readLink(path: string): string | number {
  return attempt(() => fs.readlinkSync(path));
}

export function list(path: string): readonly string[] | number {
  return attempt(() => fs.readdirSync(path).sort());
}

export function readText(path: string): string | number {
  const flags = fs.constants.O_RDONLY | fs.constants.O_NONBLOCK;
  return attempt(() => withFile(path, flags, readAll));
}

/** Bytes written by the one write call. */
export function writeText(path: string, text: string): number {
  const flags = fs.constants.O_WRONLY | fs.constants.O_NONBLOCK;
  return attempt(() => withFile(path, flags, (fd) => fs.writeSync(fd, Buffer.from(text))));
}

function readAll(fd: number): string | number {
  const chunks: Buffer[] = [];
  let total = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(16384);
    const length = fs.readSync(fd, chunk);
    if (length === 0) return Buffer.concat(chunks, total).toString("utf8");
    chunks.push(chunk.subarray(0, length));
    total += length;
    if (total > TEXT_LIMIT) return -EFBIG;
  }
}

function withFile<Result>(path: string, flags: number, use: (fd: number) => Result): Result {
  const fd = fs.openSync(path, flags);
  try {
    return use(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Node throws what the port answers: its errors carry -errno. */
function attempt<Result>(call: () => Result): Result | number {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    return "errno" in error && typeof error.errno === "number" ? error.errno : -EIO;
  }
}
