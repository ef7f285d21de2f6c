// The locked memory of one container, counted here because the driver miscounts it.
//
// It adds one to the process's VmLck for each window it maps and takes off one for each page it
// unmaps (vfio_iommu_fsl_pamu.c, SDK 2.0): with windows of several pages VmLck falls below 0, and
// as an unsigned number is then beyond every limit.

import type { ByteSize } from "@iommukit/core";

export class LockedBytes {
  #bytes = 0n;
  #fell = false;

  get bytes(): bigint {
    return this.#bytes;
  }

  /** Whether the driver has taken off more than it added: windows of several pages were unmapped. */
  get kernelMiscounts(): boolean {
    return this.#fell;
  }

  mapped(size: ByteSize): void {
    this.#bytes += size;
  }

  unmapped(size: ByteSize, severalPages: boolean): void {
    this.#bytes -= size;
    if (severalPages) this.#fell = true;
  }
}
