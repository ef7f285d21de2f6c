// Second-stage entries as the kernel writes them (VT-d 9.8).
//
// Written from the manual and apart from the hardware model's reader, so that a wrong bit on one
// side does not agree with the same wrong bit on the other.

import type { DomainAccess } from "./domain.ts";
import type { TableFormat } from "./page-table.ts";

const READ = 1 << 0;
const WRITE = 1 << 1;
/** PS: the entry maps a 2 MiB or 1 GiB page. */
const PAGE_SIZE = 1 << 7;
/** SNP: forces snooping, where the unit reports snoop control. */
const SNOOP = 1 << 11;

export function vtdFormat(snoop: "snooped" | "as-requested"): TableFormat {
  const forced = snoop === "snooped" ? SNOOP : 0;
  return {
    whenPresent: "refuse",
    writeTable: (words, at, frame) => write(words, at, frame, READ | WRITE),
    writeLeaf: (words, at, frame, order, access) =>
      write(words, at, frame, permissionBits(access) | forced | (order > 0 ? PAGE_SIZE : 0)),
    isPresent: (low) => (low & (READ | WRITE)) !== 0,
    leafOrder: (low, _high, level) =>
      level === 1 || (low & PAGE_SIZE) !== 0 ? 9 * (level - 1) : -1,
  };
}

function write(words: Uint32Array, at: number, frame: number, bits: number): void {
  words[at] = (frame << 12) | bits;
  words[at + 1] = Math.floor(frame / 0x10_0000);
}

/**
 * Linux sets bit 0 in every entry it makes (DMA_FL_PTE_PRESENT, drivers/iommu/intel/iommu.c, 6.12), and
 * in a second-stage entry bit 0 is the read permission: what is writable is readable. A real kernel
 * behind QEMU's VT-d lets edu read a mapping made with VFIO_DMA_MAP_FLAG_WRITE alone.
 */
function permissionBits(access: DomainAccess): number {
  return READ | (access.write ? WRITE : 0);
}
