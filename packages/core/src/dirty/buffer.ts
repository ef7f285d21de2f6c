// The memory that the kernel writes bitmaps to: the library's own, page-aligned, grown when needed.
//
// A caller's buffer may be too short or unmapped in part, and the kernel finds out after it has removed
// mappings (EFAULT, first mapping gone: seen on 6.12). This memory is mapped, writable, and as large as
// the kernel was told.

import { formatSize } from "../address/units.ts";
import type { BitmapTarget } from "../contract/dirty.ts";
import { refusedByKernel } from "../errors/kernel.ts";
import type { HostMemory, KernelPort } from "../port/kernel-port.ts";

export class BitmapBuffer {
  readonly #port: KernelPort;
  #memory: HostMemory | undefined;
  #length = 0;

  constructor(port: KernelPort) {
    this.#port = port;
  }

  /** Makes room for so many bytes. Valid errors: `out-of-memory`, `kernel-refused`. */
  reserve(length: number): void {
    if (length <= this.#length) return;
    const memory = this.#port.mapMemory({ length, shared: false });
    if (typeof memory === "number")
      throw refusedByKernel(this.#port.abi, {
        operation: "mmap",
        result: memory,
        sentence: `no memory for a dirty bitmap of ${formatSize(length)}`,
        facts: { length },
      });
    // A smaller buffer that the kernel does not take back is lost to this process and to nobody else.
    this.#memory?.close();
    this.#memory = memory;
    this.#length = length;
  }

  /** The first `length` bytes, zeroed: the kernel ORs into what is there, and leaves holes as they are. */
  zeroed(length: number): BitmapTarget & { readonly bytes: Uint8Array } {
    this.reserve(length);
    const bytes = this.#memory?.bytes.subarray(0, length) ?? new Uint8Array();
    bytes.fill(0);
    return { address: this.#memory?.address ?? 0n, length, bytes };
  }

  /** Gives the memory back; kept for another try when the kernel refuses. */
  release(): void {
    const result = this.#memory?.close() ?? 0;
    if (result !== 0)
      throw refusedByKernel(this.#port.abi, {
        operation: "munmap",
        result,
        sentence: "the kernel did not take the dirty bitmap's memory back",
      });
    this.#memory = undefined;
    this.#length = 0;
  }
}
