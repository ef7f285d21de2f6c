// UNSAFE: C functions called with numbers that become pointers; sound because each is wrapped in a
// typed function here, callers check every value first (../validate.ts: koffi truncates 1.9 to 1,
// takes an empty array for NULL and a string for a pointer), and errno is the next statement read.
//
// For the dozen libc functions that the port needs, each answering its result or -errno.
// Must never be called from outside host-linux, nor with memory that JavaScript may drop meanwhile.
// Rests on ioctl(2), open(2), close(2), pread(2), read(2), write(2), mmap(2), madvise(2), eventfd(2),
// poll(2), fcntl(2), getpagesize(2), and on koffi 3.3.

import koffi, { type LibraryHandle } from "koffi";
import { EIO, failure } from "./errno.ts";

type Loaded = { readonly library: Pick<LibraryHandle, "func">; readonly problem: unknown };

const { library, problem } = load();

/** Why there is no libc to call (not Linux, or not glibc), or undefined. */
export const libcProblem: unknown = problem;

type Settle = (result: number) => void;
type KoffiCallback = (error: unknown, result: number) => void;

export interface Libc {
  /** ioctl(2) with a pointer: fixed, not variadic, which is 30 to 170 ns cheaper and as right. */
  ioctlPointer(fd: number, request: number, argument: Uint8Array): number;
  /** ioctl(2) with the value itself in the argument register. */
  ioctlWord(fd: number, request: number, argument: number): number;
  /** On a pool thread; `argument` is kept alive here. Throws when koffi's 256 calls are in flight. */
  ioctlPointerAsync(fd: number, request: number, argument: Uint8Array, settle: Settle): void;
  ioctlWordAsync(fd: number, request: number, argument: number, settle: Settle): void;
  open(path: string, flags: number): number;
  close(fd: number): number;
  /** fcntl(2) F_DUPFD_CLOEXEC: the same open file under a second number. */
  duplicate(fd: number): number;
  pread(fd: number, into: Uint8Array, offset: bigint): number;
  pwrite(fd: number, from: Uint8Array, offset: bigint): number;
  read(fd: number, into: Uint8Array): number;
  write(fd: number, from: Uint8Array): number;
  eventFd(): number;
  /** `set` is an array of struct pollfd: 8 bytes each. */
  poll(set: Int32Array, count: number, milliseconds: number): number;
  pollAsync(set: Int32Array, count: number, milliseconds: number, settle: Settle): void;
  /** The address, or -errno as a negative bigint. */
  mmap(address: bigint, length: number, kind: MapKind, fd: number, offset: bigint): bigint;
  munmap(address: bigint, length: number): number;
  madvise(address: bigint, length: number, advice: number): number;
  pageSize(): number;
}

interface MapKind {
  readonly protection: number;
  readonly flags: number;
}

const ioctlPointer = library.func("int ioctl(int fd, ulong request, void *argument)");
const ioctlWord = library.func("ioctl", "int", ["int", "ulong", "uintptr_t"]);
const open = library.func("int open(const char *path, int flags, uint mode)");
const close = library.func("int close(int fd)");
const fcntl = library.func("int fcntl(int fd, int command, long argument)");
const pread = library.func("intptr_t pread(int fd, void *into, size_t count, int64_t offset)");
const pwrite = library.func("intptr_t pwrite(int fd, void *from, size_t count, int64_t offset)");
const read = library.func("intptr_t read(int fd, void *into, size_t count)");
const write = library.func("intptr_t write(int fd, void *from, size_t count)");
const eventfd = library.func("int eventfd(uint count, int flags)");
const poll = library.func("int poll(void *set, ulong count, int milliseconds)");
const mmap = library.func(
  "void *mmap(uintptr_t address, size_t length, int protection, int flags, int fd, int64_t offset)",
);
const munmap = library.func("int munmap(uintptr_t address, size_t length)");
const madvise = library.func("int madvise(uintptr_t address, size_t length, int advice)");
const getpagesize = library.func("int getpagesize()");

const F_DUPFD_CLOEXEC = 1030;
/** Standard input, output and error are never the duplicate, even where one of them is closed. */
const FIRST_DUPLICATE = 3;
// EFD_CLOEXEC | EFD_NONBLOCK, the same numbers on x86 and PowerPC.
const EVENTFD_FLAGS: number = 0o2000000 | 0o4000;
/** mmap(2)'s failure: (void *) -1, which koffi gives as an unsigned 64-bit bigint, not as null. */
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;

function load(): Loaded {
  try {
    return { library: koffi.load("libc.so.6"), problem: undefined };
  } catch (problem) {
    // The module must still load: a program that only simulates imports it on any machine.
    const absent = (() => -1) as unknown as ReturnType<LibraryHandle["func"]>;
    return { library: { func: () => absent }, problem };
  }
}

function answer(result: number): number {
  return result < 0 ? failure() : result;
}

/** errno is right at the start of an asynchronous callback and gone one microtask later. */
function whenDone(settle: Settle): KoffiCallback {
  return (error, result) => {
    const value = answer(result);
    settle(error === null || error === undefined ? value : -EIO);
  };
}

/**
 * Memory that a pool thread may still write. koffi 3.3.4 does not keep a typed array alive once its
 * `.buffer` was touched: after a garbage collection poll(2) wrote into freed memory, seen as SIGSEGV or
 * `malloc(): corrupted` on Node 24 within 60 waits.
 */
const inFlight = new Set<{ readonly view: ArrayBufferView }>();

/** Makes the call with the view held until it is done; lets go at once when koffi throws. */
function holding(view: ArrayBufferView, settle: Settle, call: (done: KoffiCallback) => void): void {
  // One holder for each call: two may be given the same view.
  const held = { view };
  inFlight.add(held);
  const done = whenDone((result) => {
    inFlight.delete(held);
    settle(result);
  });
  try {
    call(done);
  } catch (error) {
    inFlight.delete(held);
    throw error;
  }
}

export const libc: Libc = {
  // The two hot ones spell `answer` out: a call less on the path of every map and unmap.
  ioctlPointer(fd, request, argument) {
    const result: number = ioctlPointer(fd, request, argument);
    return result < 0 ? failure() : result;
  },
  ioctlWord(fd, request, argument) {
    const result: number = ioctlWord(fd, request, argument);
    return result < 0 ? failure() : result;
  },
  ioctlPointerAsync: (fd, request, argument, settle) =>
    holding(argument, settle, (done) => void ioctlPointer.async(fd, request, argument, done)),
  ioctlWordAsync: (fd, request, argument, settle) =>
    void ioctlWord.async(fd, request, argument, whenDone(settle)),
  open: (path, flags) => answer(open(path, flags, 0)),
  close: (fd) => answer(close(fd)),
  duplicate: (fd) => answer(fcntl(fd, F_DUPFD_CLOEXEC, FIRST_DUPLICATE)),
  pread: (fd, into, offset) => answer(pread(fd, into, into.length, offset)),
  pwrite: (fd, from, offset) => answer(pwrite(fd, from, from.length, offset)),
  read: (fd, into) => answer(read(fd, into, into.length)),
  write: (fd, from) => answer(write(fd, from, from.length)),
  eventFd: () => answer(eventfd(0, EVENTFD_FLAGS)),
  poll: (set, count, milliseconds) => answer(poll(set, count, milliseconds)),
  pollAsync: (set, count, milliseconds, settle) =>
    holding(set, settle, (done) => void poll.async(set, count, milliseconds, done)),
  mmap(address, length, kind, fd, offset) {
    const pointer: unknown = mmap(address, length, kind.protection, kind.flags, fd, offset);
    if (pointer === MAP_FAILED) return BigInt(failure());
    // mmap(2) never gives NULL without MAP_FIXED at 0; koffi says null, and viewing null aborts.
    return typeof pointer === "bigint" && pointer > 0n ? pointer : BigInt(-EIO);
  },
  munmap: (address, length) => answer(munmap(address, length)),
  madvise: (address, length, advice) => answer(madvise(address, length, advice)),
  pageSize: () => getpagesize(),
};
