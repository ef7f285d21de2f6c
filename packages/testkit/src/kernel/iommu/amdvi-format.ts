// AMD v1 host page table entries as the kernel writes them (48882, 2.2.3).
//
// Written from the manual and apart from the hardware model's reader. A size that is no level's own
// is coded into the low address bits, and the page table repeats the entry for the whole page.

import type { DomainAccess } from "./domain.ts";
import type { TableFormat } from "./page-table.ts";

const PRESENT = 1;
const LEVEL_SHIFT = 9;
const LEVEL_MASK = 7;
const SIZE_IN_ADDRESS = 7;
/** In the high word: FC (60) forces coherency, IR (61) and IW (62) permit. */
const FORCE_COHERENT = 1 << 28;
const READ = 1 << 29;
const WRITE = 1 << 30;

export const AMD_FORMAT: TableFormat = {
  // The kernel writes over a present entry of the same size: double mapping of the last page, which
  // the Type1 driver lets through, succeeds on AMD.
  whenPresent: "replace",
  writeTable: (words, at, frame, level) => {
    words[at] = (frame << 12) | ((level - 1) << LEVEL_SHIFT) | PRESENT;
    words[at + 1] = READ | WRITE | Math.floor(frame / 0x10_0000);
  },
  writeLeaf: (words, at, frame, order, access) => {
    const isCoded = order % 9 !== 0;
    const address = isCoded ? frame + 2 ** (order - 1) - 1 : frame;
    const level = isCoded ? SIZE_IN_ADDRESS : 0;
    words[at] = ((address % 0x10_0000) << 12) | (level << LEVEL_SHIFT) | PRESENT;
    words[at + 1] = FORCE_COHERENT | permissionBits(access) | Math.floor(address / 0x10_0000);
  },
  isPresent: (low) => (low & PRESENT) !== 0,
  leafOrder: (low, high, level) => {
    const next = (low >>> LEVEL_SHIFT) & LEVEL_MASK;
    if (next === 0) return 9 * (level - 1);
    return next === SIZE_IN_ADDRESS ? codedOrder(low, high) : -1;
  },
};

/** Counts the ones below the lowest clear address bit; a page of 2^n frames has n - 1 of them. */
function codedOrder(low: number, high: number): number {
  let frame = (high & 0xfffff) * 0x10_0000 + (low >>> 12);
  let order = 1;
  for (; frame % 2 === 1; frame = (frame - 1) / 2) order++;
  return order;
}

function permissionBits(access: DomainAccess): number {
  return (access.read ? READ : 0) | (access.write ? WRITE : 0);
}
