// What the tag of a ledger entry says, and an entry as the mapping that users see.

import { framesToSize, frameToIova, hostAddress, PAGE_FRAME_SHIFT } from "../address/address.ts";
import type { DmaAccess } from "../contract/access.ts";
import type { Mapping } from "../contract/dma-path.ts";
import type { TableEntry } from "./mapping-table.ts";

export const ACCESS_TAGS: Readonly<Record<DmaAccess, number>> = {
  read: 1,
  write: 2,
  "read-write": 3,
};
const TAG_ACCESSES: readonly DmaAccess[] = ["read", "read", "write", "read-write"];
/** Set while a chunked map has taken a range that the kernel may not have yet. */
export const PENDING = 4;
/** Set while the host address is declared invalid and the new one is not supplied yet. */
export const INVALID = 8;

export function isPending(entry: TableEntry): boolean {
  return (entry.tag & PENDING) !== 0;
}

export function isInvalid(entry: TableEntry): boolean {
  return (entry.tag & INVALID) !== 0;
}

export function toMapping(entry: TableEntry): Mapping {
  return {
    iova: frameToIova(entry.start),
    size: framesToSize(entry.end - entry.start),
    host: hostAddress(BigInt(entry.host) << PAGE_FRAME_SHIFT),
    access: TAG_ACCESSES[entry.tag & 3] ?? "read",
  };
}
