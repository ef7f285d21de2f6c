// The only seam to the world: system calls as plain functions.
//
// `linuxHost()` and every simulated host implement it; recorders, replayers and fault injectors wrap
// it. No other code does I/O. A failing call answers -errno and never throws for an errno, so that a
// wrapper sees and may change every answer. docs/contracts/kernel-port.md has the numbered rules.

import type { AbiProfile } from "../abi/profile.ts";

/** Memory of this process whose address is known and page-aligned, so that a device may reach it. */
export interface HostMemory {
  /** Virtual address of the first byte, as the kernel takes it. */
  readonly address: bigint;
  /** The same bytes; after `close()` its length is 0 or the access throws, never a crash. */
  readonly bytes: Uint8Array;
  /** Bytes of one page that backs this memory (a huge page's size if those were asked for). */
  readonly pageSize: number;
  /** Gives the memory back. Once; a second call does nothing. Answers 0 or -errno. */
  close(): number;
}

/** What `mapMemory` maps. */
export interface MapMemoryRequest {
  /** Bytes; rounded up to whole pages by the port. */
  readonly length: number;
  /** A descriptor to map (a device region), else anonymous memory. */
  readonly fd?: number;
  readonly offset?: bigint;
  /** Page size wanted, in bytes: a huge page's size needs huge pages in the kernel's pool. */
  readonly pageSize?: number;
  /** Shared mapping; a descriptor's mapping of a device region always is. */
  readonly shared?: boolean;
  /** Default `read-write`. */
  readonly protection?: "none" | "read" | "write" | "read-write";
}

/** The system calls that everything goes through. */
export interface KernelPort {
  readonly abi: AbiProfile;
  /** A new descriptor, or -errno. Close-on-exec is always set. */
  open(path: string, flags: "r" | "rw"): number;
  close(fd: number): number;
  /** The raw result (which may be positive), or -errno. A number goes in the argument register. */
  ioctl(fd: number, request: number, argument: Uint8Array | number): number;
  /** The same call off the event loop; `argument` belongs to the kernel until it settles. */
  ioctlAsync(fd: number, request: number, argument: Uint8Array | number): Promise<number>;
  /** Bytes read at an offset (pread), or -errno. */
  readAt(fd: number, into: Uint8Array, offset: bigint): number;
  /** Bytes written at an offset (pwrite), or -errno. */
  writeAt(fd: number, from: Uint8Array, offset: bigint): number;
  mapMemory(request: MapMemoryRequest): HostMemory | number;
  /** A new eventfd with count 0, non-blocking, or -errno. */
  eventFd(): number;
  /** Waits for an eventfd's count, takes it and answers it; -ETIMEDOUT (-110) after `milliseconds`. */
  waitEvent(fd: number, milliseconds: number): Promise<number>;
  /** The target of a symbolic link as it is written, or -errno. */
  readLink(path: string): string | number;
  /** Names in a directory, sorted, or -errno. */
  list(path: string): readonly string[] | number;
  /** A whole small text file (sysfs, proc), or -errno. */
  readText(path: string): string | number;
  /** Bytes written to a file with one write call (sysfs), or -errno. */
  writeText(path: string, text: string): number;
}
