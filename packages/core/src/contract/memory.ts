// Memory that devices may reach: allocated, page-aligned, and known to the ledger.

import type { ByteSize, HostAddress } from "../address/address.ts";

/** How `Iommu.allocate` allocates. */
export interface MemoryOptions {
  /** Bytes of a page: 4096 (or the kernel's own size) or a huge page's. Default: the kernel's own. */
  readonly pageSize?: number;
}

/**
 * Memory whose life the ledger follows: closing it while a mapping or a registration still uses it
 * is refused, because the device would keep writing to pages that belong to somebody else.
 */
export interface DmaMemory {
  readonly address: HostAddress;
  readonly size: ByteSize;
  /** Bytes of one page that backs it. */
  readonly pageSize: number;
  /** The bytes, shared with the device while mapped. Throws `closed` after `close()`. */
  readonly bytes: Uint8Array;
  /** Valid errors: `memory-in-use`, `kernel-refused`. A second call does nothing. */
  close(): void;
  [Symbol.dispose](): void;
}

/** Memory announced before it may be mapped (sPAPR v2); elsewhere it only counts in the ledger. */
export interface MemoryRegistration {
  readonly address: HostAddress;
  readonly size: ByteSize;
  /**
   * Valid errors: `memory-in-use` while a mapping lies in it, `kernel-refused`. A second call does
   * nothing.
   */
  close(): void;
  [Symbol.dispose](): void;
}

/** What the caller says of memory that the library did not allocate. */
export interface RegistrationOptions {
  /**
   * Bytes of the pages that back it, a power of two: a huge page's size where guest memory is made of them.
   * The library cannot ask the kernel; windows with `hostContiguity` take foreign memory on this word only.
   */
  readonly pageSize?: number;
}

/** Announces memory to the kernel. */
export interface MemoryControl {
  /**
   * Announces `[address, address + size)`. Where the kernel needs no announcement it makes no call.
   *
   * Valid errors: `invalid-address`, `invalid-argument`, `misaligned`, `zero-size`, `closed`,
   * `memory-fault`, `locked-memory-limit`, `kernel-refused`.
   */
  register(address: HostAddress, size: ByteSize, options?: RegistrationOptions): MemoryRegistration;
}
