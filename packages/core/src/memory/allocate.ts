// Page-aligned memory for devices, whose life the ledger follows.
//
// It must never free pages that a mapping or a registration still stands on: the device would go on
// writing to whoever gets them next (invariant I8).

import { errnoName } from "../abi/errno.ts";
import { type ByteSize, bytes, hostAddress, PAGE_FRAME_SHIFT } from "../address/address.ts";
import { formatSize } from "../address/units.ts";
import type { DmaMemory, MemoryOptions } from "../contract/memory.ts";
import { IommuError } from "../errors/base.ts";
import { refusedByKernel } from "../errors/kernel.ts";
import { checkOptions } from "../errors/options.ts";
import type { HostMemory, KernelPort } from "../port/kernel-port.ts";
import type { MemoryArea, MemoryTable } from "./memory-table.ts";

/**
 * Allocates zeroed memory of at least `size` bytes, rounded up to whole pages.
 *
 * Valid errors: `invalid-address`, `invalid-argument`, `zero-size`, `out-of-memory`,
 * `kernel-refused`, `kernel-misbehaved`.
 */
export function allocateMemory(
  port: KernelPort,
  table: MemoryTable,
  size: bigint | number,
  options?: MemoryOptions,
): DmaMemory {
  const wanted = bytes(size);
  if (wanted === 0n)
    throw new IommuError({
      code: "zero-size",
      operation: "allocate",
      sentence: "zero bytes asked",
    });
  const pageSize = checkedPageSize(port, checkOptions("allocate", options, ["pageSize"]).pageSize);
  const step = BigInt(pageSize);
  const rounded = bytes(((wanted + step - 1n) / step) * step);
  if (rounded > BigInt(Number.MAX_SAFE_INTEGER)) throw tooLarge(rounded);
  const request = { length: Number(rounded), shared: false };
  const memory = port.mapMemory(
    pageSize === port.abi.pageSize ? request : { ...request, pageSize },
  );
  if (typeof memory === "number") throw allocationRefused(port, memory, rounded, pageSize);
  const start = Number(memory.address >> PAGE_FRAME_SHIFT);
  const area = table.add(start, start + Number(rounded >> PAGE_FRAME_SHIFT), pageSize);
  if (area === undefined || memory.address % step !== 0n) {
    if (area !== undefined) table.remove(area);
    memory.close();
    throw new IommuError({
      code: "kernel-misbehaved",
      operation: "allocate",
      sentence: "the kernel gave memory that is misaligned or already in use",
      facts: { address: memory.address, size: rounded },
    });
  }
  return new AllocatedMemory({ memory, area, size: rounded, pageSize, table, port });
}

interface Allocation {
  readonly memory: HostMemory;
  readonly area: MemoryArea;
  readonly size: ByteSize;
  readonly pageSize: number;
  readonly table: MemoryTable;
  readonly port: KernelPort;
}

class AllocatedMemory implements DmaMemory {
  readonly address;
  readonly size: ByteSize;
  readonly pageSize: number;
  readonly #from: Allocation;
  #closed = false;

  constructor(from: Allocation) {
    this.address = hostAddress(from.memory.address);
    this.size = from.size;
    this.pageSize = from.pageSize;
    this.#from = from;
  }

  get bytes(): Uint8Array {
    if (this.#closed)
      throw new IommuError({
        code: "closed",
        operation: "bytes",
        sentence: "this memory was closed; its pages belong to somebody else now",
        facts: { address: this.address, size: this.size },
      });
    return this.#from.memory.bytes;
  }

  close(): void {
    if (this.#closed) return;
    const { memory, area, table, port } = this.#from;
    if (area.uses > 0)
      throw new IommuError({
        code: "memory-in-use",
        operation: "close memory",
        sentence: `${formatSize(this.size)} of memory cannot be freed: a device may still reach it`,
        facts: { address: this.address, size: this.size, uses: area.uses },
        hint: "unmap it and close its registrations first, or close the container; with `using`, declare memory before its container",
      });
    this.#closed = true;
    table.remove(area);
    const result = memory.close();
    if (result !== 0)
      throw refusedByKernel(port.abi, {
        operation: "munmap",
        result,
        sentence: "the kernel did not take the memory back",
        facts: { address: this.address, size: this.size },
      });
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function checkedPageSize(port: KernelPort, asked: number | undefined): number {
  const pageSize = asked ?? port.abi.pageSize;
  const sound =
    Number.isSafeInteger(pageSize) && pageSize > 0 && Number.isInteger(Math.log2(pageSize));
  if (sound && pageSize >= port.abi.pageSize) return pageSize;
  throw new IommuError({
    code: "invalid-argument",
    operation: "allocate",
    sentence: `${String(pageSize)} is not a page size of this kernel`,
    facts: { kernelPageSize: port.abi.pageSize },
    hint: "leave it out, or give the size of a huge page in bytes (2 MiB is 2097152)",
  });
}

function tooLarge(size: bigint): IommuError {
  return new IommuError({
    code: "out-of-memory",
    operation: "allocate",
    sentence: `${formatSize(size)} is more than a process can address`,
  });
}

function allocationRefused(
  port: KernelPort,
  result: number,
  size: bigint,
  pageSize: number,
): IommuError {
  const huge = pageSize !== port.abi.pageSize;
  return refusedByKernel(port.abi, {
    operation: "mmap",
    result,
    sentence: `no memory: ${formatSize(size)} in pages of ${formatSize(pageSize)}`,
    facts: { size, pageSize },
    codes: { ENOMEM: "out-of-memory" },
    hint:
      huge && errnoName(port.abi, -result) === "ENOMEM"
        ? `reserve huge pages: write their number to /sys/kernel/mm/hugepages/hugepages-${pageSize / 1024}kB/nr_hugepages`
        : undefined,
  });
}
