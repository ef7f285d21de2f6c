// Page-aligned memory whose address is known: what a device may reach.
//
// For DMA buffers, huge pages, and regions of devices and files. Must never let a stale view crash the
// process: where views can be cut off (Node 21 and later) they are, before munmap; where they cannot
// (Node 20), private empty pages take the range's place until the view is collected.
// Rests on mmap(2), munmap(2), and madvise(2) MADV_DONTFORK: after a fork the parent's next write to a
// page could go to a copy that the device does not see.

import { fstatSync } from "node:fs";
import {
  type AbiProfile,
  type HostMemory,
  IommuError,
  type MapMemoryRequest,
} from "@iommukit/core";
import type { Libc } from "./native/libc.ts";
import { detach, MAX_VIEW_LENGTH, viewMemory } from "./native/pointer.ts";
import { checkDescriptor, checkLength, checkOffset, checkWordOf, refuse } from "./validate.ts";

type MemoryLibc = Pick<Libc, "madvise" | "mmap" | "munmap">;

interface Plan {
  readonly length: number;
  readonly pageSize: number;
  readonly protection: number;
  readonly flags: number;
  readonly fd: number;
  readonly offset: bigint;
}

const OPERATION = "mapMemory";
const PROTECTION = { none: 0, read: 1, write: 2, "read-write": 3 } as const;
const PROTECTIONS: readonly string[] = Object.keys(PROTECTION);
const MAP_SHARED = 0x01;
const MAP_PRIVATE = 0x02;
const MAP_FIXED = 0x10;
const MAP_ANONYMOUS = 0x20;
/** The one mmap flag used here that PowerPC numbers differently (asm/mman.h). */
const MAP_NORESERVE = { generic: 0x4000, powerpc: 0x40 } as const;
const MAP_HUGETLB = 0x40000;
/** log2 of the huge page's size goes into the flags above this bit. */
const MAP_HUGE_SHIFT = 26;
const MADV_DONTFORK = 10;

/**
 * Maps memory; answers -errno when the kernel refuses (ENOMEM: no huge page free).
 *
 * Valid errors: `invalid-argument`, `not-offered` (longer than this Node's ArrayBuffer can be).
 */
export function mapMemory(
  libc: MemoryLibc,
  abi: AbiProfile,
  request: MapMemoryRequest,
): HostMemory | number {
  const plan = planned(abi, request);
  const address = libc.mmap(0n, plan.length, plan, plan.fd, plan.offset);
  if (address < 0n) return Number(address);
  if (plan.fd < 0) {
    const result = libc.madvise(address, plan.length, MADV_DONTFORK);
    if (result < 0) {
      libc.munmap(address, plan.length);
      return result;
    }
  }
  return new MappedMemory(libc, abi, address, plan);
}

function planned(abi: AbiProfile, request: MapMemoryRequest): Plan {
  const { fd = -1, offset = 0n, shared = fd >= 0, protection = "read-write" } = request;
  checkLength(OPERATION, request.length);
  checkDescriptor(OPERATION, fd);
  checkOffset(OPERATION, offset);
  checkWordOf(OPERATION, PROTECTIONS, protection);
  if (request.fd !== undefined && fd < 0) refuse(OPERATION, "a descriptor is not negative", { fd });
  const pageSize = checkedPageSize(abi, request.pageSize);
  const length = Math.ceil(request.length / pageSize) * pageSize;
  checkViewLength(length);
  if (fd >= 0) checkFileLength(fd, offset, request.length);
  const huge = pageSize > abi.pageSize && fd < 0;
  return {
    length,
    pageSize,
    protection: PROTECTION[protection],
    flags:
      (shared ? MAP_SHARED : MAP_PRIVATE) |
      (fd < 0 ? MAP_ANONYMOUS : 0) |
      (huge ? MAP_HUGETLB | (Math.log2(pageSize) << MAP_HUGE_SHIFT) : 0),
    fd,
    offset,
  };
}

function checkedPageSize(abi: AbiProfile, asked: number | undefined): number {
  if (asked === undefined) return abi.pageSize;
  if (!Number.isInteger(Math.log2(asked)) || asked < abi.pageSize)
    refuse(OPERATION, "a page size is a power of two, at least the kernel's", {
      pageSize: asked,
      kernelPageSize: abi.pageSize,
    });
  return asked;
}

function checkViewLength(length: number): void {
  if (length <= MAX_VIEW_LENGTH) return;
  throw new IommuError({
    code: "not-offered",
    operation: OPERATION,
    sentence: "this Node cannot view so much memory at once",
    facts: { length, limit: MAX_VIEW_LENGTH },
    hint: "map it in pieces, or run Node 22 or later: Node 20 stops at 4 GiB",
  });
}

/** Touching a page that begins behind a file's end is SIGBUS, which no JavaScript can catch. */
function checkFileLength(fd: number, offset: bigint, length: number): void {
  let file: { isFile(): boolean; readonly size: bigint };
  try {
    file = fstatSync(fd, { bigint: true });
  } catch {
    return; // not open: mmap says EBADF
  }
  if (file.isFile() && offset + BigInt(length) > file.size)
    refuse(
      OPERATION,
      "the file ends before the mapping would; touching the rest kills the process",
      {
        fileSize: file.size,
        offset,
        length,
      },
    );
}

class MappedMemory implements HostMemory {
  readonly address: bigint;
  readonly pageSize: number;
  readonly #libc: MemoryLibc;
  readonly #abi: AbiProfile;
  readonly #plan: Plan;
  #view: Uint8Array | undefined;
  #closed: boolean = false;

  constructor(libc: MemoryLibc, abi: AbiProfile, address: bigint, plan: Plan) {
    this.address = address;
    this.pageSize = plan.pageSize;
    this.#libc = libc;
    this.#abi = abi;
    this.#plan = plan;
  }

  /**
   * Valid errors: `closed`, `wrong-state` (memory without access: a touch would kill the process).
   */
  get bytes(): Uint8Array {
    if (this.#closed) throw this.#refusal("closed", "this memory was closed");
    if (this.#plan.protection === PROTECTION.none)
      throw this.#refusal("wrong-state", "this memory was mapped with protection none");
    this.#view ??= viewMemory(this.address, this.#plan.length);
    return this.#view;
  }

  close(): number {
    if (this.#closed) return 0;
    this.#closed = true;
    const view = this.#view;
    this.#view = undefined;
    if (view !== undefined && !detach(view)) return this.#park(view);
    return this.#libc.munmap(this.address, this.#plan.length);
  }

  /**
   * Gives the pages back but keeps the addresses, so that a stale view reads zeros. When the buffer is
   * collected the addresses go as well; but not if its holder moved it, for then another has it.
   */
  #park(view: Uint8Array): number {
    const { length } = this.#plan;
    const flags = MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE[this.#abi.ioctlEncoding];
    const kind = { protection: PROTECTION["read-write"], flags };
    const address = this.#libc.mmap(this.address, length, kind, -1, 0n);
    if (address < 0n) return Number(address);
    const libc = this.#libc;
    if (view.length > 0) parked.register(view.buffer, () => libc.munmap(address, length));
    return 0;
  }

  #refusal(code: "closed" | "wrong-state", sentence: string): IommuError {
    const facts = { address: this.address, length: this.#plan.length };
    return new IommuError({ code, operation: "bytes", sentence, facts });
  }
}

const parked: FinalizationRegistry<() => void> = new FinalizationRegistry((unmap) => unmap());
