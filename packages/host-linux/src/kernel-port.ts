// Linux behind the kernel port: each method is one system call, answered as its result or -errno.
//
// For everything that runs on this machine's own kernel. Must never throw for an errno, and never make
// a call whose arguments koffi would convert into another call (validate.ts).
// Interrupted calls (EINTR): pread, pwrite, open and poll are made again, at most 16 times, because
// nothing has happened yet. ioctl is not: what a driver did before it gave up is unknown, so the caller
// sees EINTR. close is never made again: on Linux the descriptor is gone either way, and a second close
// would hit whoever got its number.
// Rests on signal(7) "Interruption of system calls", close(2) "Dealing with error returns", ioctl(2).

import type { AbiProfile, HostMemory, KernelPort, MapMemoryRequest } from "@iommukit/core";
import { AsyncCalls } from "./async-calls.ts";
import { EventWaits } from "./event-wait.ts";
import { list, readLink, readText, writeText } from "./files.ts";
import { mapMemory } from "./host-memory.ts";
import { ArgumentAddresses } from "./native/argument-address.ts";
import { EINTR } from "./native/errno.ts";
import type { Libc } from "./native/libc.ts";
import * as check from "./validate.ts";

/** Limits of the queue of asynchronous ioctls. */
export interface LinuxHostOptions {
  /** Asynchronous ioctls given to the thread pool at once, 1 to 200. Default 64. */
  readonly asyncRunning?: number;
  /** Asynchronous ioctls that wait behind them; one more answers EAGAIN. Default 65,536. */
  readonly asyncWaiting?: number;
}

const EINTR_RETRIES = 16;
// O_CLOEXEC has the same number on x86 and PowerPC.
const OPEN_FLAGS: Readonly<Record<"r" | "rw", number>> = { r: 0o2000000, rw: 0o2000002 };
/** The bits of an ioctl number that hold the argument's size, after a shift by 16. */
const SIZE_MASK = { generic: 0x3fff, powerpc: 0x1fff } as const;

export class LinuxHost implements KernelPort {
  readonly abi: AbiProfile;
  readonly #libc: Libc;
  readonly #calls: AsyncCalls;
  readonly #waits: EventWaits;
  readonly #sizeMask: number;
  readonly #addresses = new ArgumentAddresses();

  constructor(libc: Libc, abi: AbiProfile, options: LinuxHostOptions = {}) {
    const { asyncRunning = 64, asyncWaiting = 65_536 } = options;
    checkLimit("asyncRunning", asyncRunning, 1, 200);
    checkLimit("asyncWaiting", asyncWaiting, 0, 2 ** 31);
    this.abi = abi;
    this.#libc = libc;
    this.#calls = new AsyncCalls(libc, { running: asyncRunning, waiting: asyncWaiting });
    this.#waits = new EventWaits(libc);
    this.#sizeMask = SIZE_MASK[abi.ioctlEncoding];
  }

  open(path: string, flags: "r" | "rw"): number {
    check.checkPath("open", path);
    check.checkWordOf("open", ["r", "rw"], flags);
    return restarted(() => this.#libc.open(path, OPEN_FLAGS[flags]));
  }

  close(fd: number): number {
    check.checkDescriptor("close", fd);
    this.#calls.cancel(fd);
    this.#waits.cancel(fd);
    return this.#libc.close(fd);
  }

  ioctl(fd: number, request: number, argument: Uint8Array | number): number {
    // Written out rather than shared with ioctlAsync: this is the path of every map and unmap.
    check.checkDescriptor("ioctl", fd);
    check.checkRequest("ioctl", request);
    if (typeof argument === "number") {
      check.checkWord("ioctl", argument);
      return this.#libc.ioctlWord(fd, request, argument);
    }
    check.checkBuffer("ioctl", argument);
    if (((request >>> 16) & this.#sizeMask) > argument.length) tooShort(request, argument);
    const address = this.#addresses.of(fd, request, argument);
    if (address > 0) return this.#libc.ioctlWord(fd, request, address);
    return this.#libc.ioctlPointer(fd, request, argument);
  }

  async ioctlAsync(fd: number, request: number, argument: Uint8Array | number): Promise<number> {
    check.checkDescriptor("ioctlAsync", fd);
    check.checkRequest("ioctlAsync", request);
    if (typeof argument === "number") check.checkWord("ioctlAsync", argument);
    else {
      check.checkBuffer("ioctlAsync", argument);
      if (((request >>> 16) & this.#sizeMask) > argument.length) tooShort(request, argument);
    }
    return await this.#calls.ioctl(fd, request, argument);
  }

  readAt(fd: number, into: Uint8Array, offset: bigint): number {
    check.checkDescriptor("readAt", fd);
    check.checkBuffer("readAt", into);
    check.checkOffset("readAt", offset);
    const result = this.#libc.pread(fd, into, offset);
    return result === -EINTR ? restarted(() => this.#libc.pread(fd, into, offset)) : result;
  }

  writeAt(fd: number, from: Uint8Array, offset: bigint): number {
    check.checkDescriptor("writeAt", fd);
    check.checkBuffer("writeAt", from);
    check.checkOffset("writeAt", offset);
    const result = this.#libc.pwrite(fd, from, offset);
    return result === -EINTR ? restarted(() => this.#libc.pwrite(fd, from, offset)) : result;
  }

  mapMemory(request: MapMemoryRequest): HostMemory | number {
    return mapMemory(this.#libc, this.abi, request);
  }

  eventFd(): number {
    return this.#libc.eventFd();
  }

  async waitEvent(fd: number, milliseconds: number): Promise<number> {
    check.checkDescriptor("waitEvent", fd);
    check.checkMilliseconds("waitEvent", milliseconds);
    return await this.#waits.wait(fd, milliseconds);
  }

  readLink(path: string): string | number {
    check.checkPath("readLink", path);
    return readLink(path);
  }

  list(path: string): readonly string[] | number {
    check.checkPath("list", path);
    return list(path);
  }

  readText(path: string): string | number {
    check.checkPath("readText", path);
    return readText(path);
  }

  writeText(path: string, text: string): number {
    check.checkPath("writeText", path);
    if (typeof text !== "string") check.refuse("writeText", "the text is not a string");
    return writeText(path, text);
  }
}

function restarted(call: () => number): number {
  let result = call();
  for (let tries = 1; result === -EINTR && tries < EINTR_RETRIES; tries++) result = call();
  return result;
}

/** The number says how much the kernel copies, and it would copy past the end of the array. */
function tooShort(request: number, argument: Uint8Array): never {
  check.refuse("ioctl", "the buffer is shorter than the size that the ioctl's number holds", {
    request: `0x${request.toString(16)}`,
    length: argument.length,
  });
}

function checkLimit(name: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high)
    check.refuse("linuxHost", `${name} is a whole number from ${low} to ${high}`, {
      [name]: value,
    });
}
